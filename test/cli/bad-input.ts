/** Command lines that must be refused: the words, and what the one line on stderr has to say. */

import { existsSync } from "node:fs";

/** @param at path of a file in the test's folder */
export function badInput(at: (name: string) => string): readonly (readonly [words: string, says: RegExp])[] {
  const net = at("net.safetensors");
  const render = `render --model ${net} --objective class:0 --size 16 --iterations 2 --out ${at("x.png")}`;
  const gradient = `gradient --model ${net} --objective class:0 --image ${at("image.safetensors")} --out ${at("g.safetensors")}`;
  const saliency = `saliency --model ${net} --objective class:0 --image ${at("image.safetensors")} --out ${at("x.png")}`;
  const examples = `examples --model ${net} --objective class:0 --images ${at("image.safetensors")} --out ${at("x.png")}`;
  const atlas = `atlas --model ${net} --layer conv1_1 --out ${at("atlas")}`;
  const without = (words: string, flag: string): string => words.replace(new RegExp(` ${flag} \\S+`), "");
  const instead = (words: string, flag: string, value: string): string =>
    words.replace(new RegExp(` ${flag} \\S+`), ` ${flag} ${value}`);
  return [
    ["paint", /unknown command 'paint'; `ascent --help` lists the commands/],
    ["paint --help", /unknown command 'paint'; `ascent --help` lists the commands/],
    ["help paint", /unknown command 'paint'; `ascent --help` lists the commands/],
    ["rendr", /unknown command 'rendr'.*render/],
    [`${render} --colour red`, /unknown option '--colour'.*; `ascent render --help` lists the flags/],
    [`${render} --sise 3`, /unknown option '--sise'.*--size/],
    [`${render} more`, /too many arguments/],
    [without(render, "--model"), /--model.* not specified; `ascent render --help` lists the flags/],
    [without(render, "--objective"), /--objective.* not specified/],
    [without(render, "--size"), /--size.* not specified; say it, or take a --recipe/],
    [`${without(render, "--size")} --recipe default`, /--size.* not specified/],
    [without(render, "--iterations"), /--iterations.* not specified; say it, or take a --recipe/],
    [without(render, "--out"), /--out.* not specified/],
    [`${render} --lr`, /--lr.*missing/],
    [instead(render, "--size", "0"), /--size: expected N or HxW.*got "0"/],
    [instead(render, "--size", "8x"), /--size.*got "8x"/],
    [instead(render, "--size", "5000"), /--size.*1 to 4096.*got "5000"/],
    [instead(render, "--size", "1"), /size 1×1: pool1.*at least 4/],
    [instead(render, "--iterations", "1.5"), /--iterations: expected a whole number/],
    [instead(render, "--iterations", "-1"), /--iterations.*got "-1"/],
    [
      `bench --model ${net} --objective class:0 --size 16 --kernels fast`,
      /kernels: expected VARIANT.*got "fast".*register/,
    ],
    [`${render} --lr fast`, /--lr: expected a number.*got "fast"/],
    [`${render} --lr -1`, /--lr.*got "-1"/],
    [`${render} --l2 NaN`, /--l2.*got "NaN"/],
    [`${render} --blur -2`, /--blur.*got "-2"/],
    [`${render} --blur 1 --blur-every 0`, /--blur-every.*got "0"/],
    [`${render} --decay 2`, /--decay.*got "2"/],
    [`${render} --clip-norm 101`, /--clip-norm.*got "101"/],
    [`${render} --param fourier --clip-norm 5`, /clipNorm works on pixels, and fourier is optimised/],
    [`${render} --share 3`, /share: pixel parameters have no frequencies/],
    [`${render} --alpha --param maco`, /alpha: images of maco parameters have no fourth plane/],
    [
      instead(render, "--objective", "class:0\t-\talpha"),
      /objective: alpha is the mean opacity.*no alpha channel.*--alpha/,
    ],
    [instead(render, "--objective", "class:0\t-\talpha:2"), /expected alpha/],
    [`${render} --draw-size 64`, /--draw-size: expected --param cppn with it, got pixel/],
    [`${render} --blur-every 4`, /--blur-every: expected --blur/],
    [`${render} --jitter 1.5`, /--jitter.*got "1.5"/],
    [`${render} --seed -1`, /--seed.*got "-1"/],
    [`${render} --seed 4294967296`, /--seed.*4294967295.*got "4294967296"/],
    [`${render} --until soon`, /--until.*got "soon"/],
    [`${render} --redirect maybe`, /--redirect: expected on or off, got "maybe"/],
    [
      `${render} --optimizer lion`,
      /--optimizer: expected sgd, normalized, rms, mean, momentum, adam, rmsprop or nadam, got "lion"/,
    ],
    [`${render} --runtime safari`, /--runtime: expected dawn, chromium or firefox, got "safari"/],
    [
      `${render} --preprocess rgb`,
      /--preprocess: expected unit, imagenet, caffe or a mean and std, got "rgb"/,
    ],
    [`${render} --padding 2`, /--padding: expected 0 or 1, got "2"/],
    [`${render} --recipe ${at("nowhere.json")}`, /--recipe: no such file/],
    [
      `${render} --recipe ${at("nowhere")}`,
      /no such file: .*nowhere; recipes are default, .*cs231n.*, a JSON file or a PNG/,
    ],
    [`${render} --recipe ${at("string.json")}`, /recipe expects a JSON object, got "\{/],
    ...["--recipe", "--init", "--target"].map(
      (flag) => [`${render} ${flag} `, new RegExp(`${flag}: expected a path, got an empty text`)] as const,
    ),
    [`${without(render, "--model")} --model `, /--model: expected a path, got an empty text/],
    [`${without(saliency, "--image")} --image `, /--image: expected a path, got an empty text/],
    [`${without(examples, "--images")} --images `, /--images: expected a path, got an empty text/],
    [`${render} --init Zeros`, /--init: no such file: Zeros; .*zeros, noise, or a photograph/],
    [
      `${render} --recipe ${at("text.txt")}`,
      /--recipe: expected default, .*lucid2017.*, a JSON file or a PNG/,
    ],
    [
      `${render} --transforms wobble:3`,
      /--transforms: transforms: "wobble:3" is no transform; use none, standard, or a list/,
    ],
    [`${render} --transforms crop:64`, /crop:64 leaves no image/],
    [`${render} --param spline`, /--param: expected pixel, fourier, laplacian, cppn or maco, got "spline"/],
    [`${render} --init ${at("nowhere.jpg")}`, /--init: no such file/],
    [`${render} --init ${at("text.txt")}`, /expected one of PNG, JPEG, WebP, AVIF/],
    [`${render} --init ${at("cut.png")}`, /--init: cannot be read: .*the file ends before its picture/],
    [instead(render, "--model", at("nowhere")), /--model: no such file/],
    [instead(render, "--model", "."), /--model: expected a file/],
    [instead(render, "--model", at("text.txt")), /text\.txt/],
    [instead(render, "--model", at("cut.safetensors")), /cut\.safetensors/],
    [
      instead(render, "--model", at("plain.safetensors")),
      /how the network wants its pixels is not known.*say preprocess: unit .*imagenet .*caffe/,
    ],
    [
      instead(render, "--model", at("integers.safetensors")),
      /"features\.0\.bias" expects F64, F32, F16 or BF16, got I32; convert the checkpoint/,
    ],
    [
      `info --model ${at("integers.safetensors")}`,
      /"features\.0\.bias" expects F64, F32, F16 or BF16, got I32; convert the checkpoint/,
    ],
    [instead(render, "--model", at("nan.safetensors")), /features\.0\.weight.*NaN/],
    [instead(render, "--objective", "class:4"), /0 to 2/],
    [instead(render, "--objective", "class:catt"), /nearest.*cat/],
    [instead(render, "--objective", "channel:conv9_9:0"), /conv9_9.*layers: conv1_1 relu1_1 pool1/],
    [instead(render, "--objective", "channel:conv1_1:4"), /0 to 3/],
    [instead(render, "--objective", "neuron:conv2_1:0:99,0"), /neuron|position|row/],
    [instead(render, "--objective", "purple"), /objective/],
    [instead(render, "--objective", "class:0\t+"), /a term is missing after \+; write for example/],
    [instead(render, "--out", at("x.gif")), /--out: expected a name ending in \.png or \.safetensors/],
    [instead(render, "--out", at("none/x.png")), /--out: no such folder/],
    [instead(render, "--out", at("text.txt/x.png")), /--out: what should be a folder is a file/],
    [instead(render, "--out", at(`${"x".repeat(300)}.png`)), /--out: the name is too long/],
    ...(existsSync("/proc/self")
      ? [[instead(render, "--out", "/proc/x.png"), /--out: no file can be made in that folder/] as const]
      : []),
    [instead(gradient, "--out", at("x.png")), /--out: expected a name ending in \.safetensors/],
    [instead(gradient, "--image", at("nowhere")), /--image: no such file/],
    [instead(gradient, "--image", net), /--image: expected a tensor image/],
    [
      instead(gradient, "--image", at("flat.safetensors")),
      /image: expected shape \[N,3,H,W\], got \[3,8,8\]/,
    ],
    [instead(gradient, "--image", at("hole.safetensors")), /image: expected finite numbers, got NaN at 7/],
    [without(saliency, "--objective"), /--objective.* not specified/],
    [without(saliency, "--image"), /--image.* not specified/],
    [instead(saliency, "--image", at("nowhere.jpg")), /--image: no such file/],
    [instead(saliency, "--image", at("text.txt")), /expected one of PNG, JPEG, WebP, AVIF/],
    [
      instead(saliency, "--image", at("cut.png")),
      /--image: cannot be read: .*the file ends before its picture/,
    ],
    [
      instead(saliency, "--image", at("flat.safetensors")),
      /image: expected shape \[N,3,H,W\], got \[3,8,8\]/,
    ],
    [instead(saliency, "--image", at("two.safetensors")), /image: expected one image.*got \[2,3,8,8\]/],
    [
      instead(saliency, "--objective", "caricature:conv2_1"),
      /caricature:conv2_1 compares with a photograph, got none; render and gradient take one: --target/,
    ],
    [instead(saliency, "--objective", "channel:conv9_9:0"), /conv9_9.*layers: conv1_1 relu1_1 pool1/],
    [instead(saliency, "--out", at("x.gif")), /--out: expected a name ending in \.png or \.safetensors/],
    [`${saliency} --size 9`, /--size: a \.safetensors image keeps its size, 8×8/],
    [`${saliency.replace("saliency", "smoothgrad")} --samples 0`, /--samples.*got "0"/],
    [`${saliency.replace("saliency", "smoothgrad")} --sigma -1`, /--sigma.*got "-1"/],
    [`${saliency.replace("saliency", "integrated")} --steps 0`, /--steps.*got "0"/],
    [`${saliency.replace("saliency", "gradcam")} --layer conv7_1`, /"conv7_1" is not in.*layers: conv1_1/],
    [
      `${instead(saliency, "--objective", "channel:conv2_1:0").replace("saliency", "gradcam")} --layer conv2_2`,
      /conv2_2 lies beyond conv2_1.*layers before it: conv1_1/,
    ],
    [
      instead(saliency, "--objective", "channel:conv2_1:0").replace("saliency", "fool"),
      /expected the one class.*got "channel:conv2_1:0".*class:NAME/,
    ],
    [
      without(saliency, "--objective").replace("saliency", "dream"),
      /expected --layer NAME or --objective SPEC/,
    ],
    [
      `${saliency.replace("saliency", "dream")} --layer conv1_1`,
      /--layer and --objective: expected one of them/,
    ],
    [`${without(saliency, "--objective").replace("saliency", "invert")}`, /--layer.* not specified/],
    [
      `${without(saliency, "--objective").replace("saliency", "grid")} --layer conv9_9`,
      /"conv9_9" is not in.*layers:/,
    ],
    [
      `${without(saliency, "--objective").replace("saliency", "caricature")} --layer conv1_1 --power -1`,
      /--power.*"-1"/,
    ],
    [without(examples, "--objective"), /expected --objective SPEC, or --layer NAME --channel N, got neither/],
    [`${examples} --layer conv1_1`, /--objective: expected it alone, or --layer/],
    [
      `${without(examples, "--objective")} --layer conv1_1`,
      /--layer: expected --channel N with it, got none/,
    ],
    [`${without(examples, "--objective")} --channel 1`, /--channel: expected --layer NAME with it, got none/],
    [
      `${without(examples, "--objective")} --layer conv1_1 --channel 4`,
      /conv1_1 has no channel 4; channels are 0 to 3/,
    ],
    [
      instead(examples, "--objective", "channel:conv1_1:0,1"),
      /channels says nothing about one image by itself/,
    ],
    [instead(examples, "--images", at("nowhere")), /--images: no such file/],
    [instead(examples, "--images", at("empty")), /--images: no PNG, JPEG, WebP or AVIF in the folder/],
    [
      instead(examples, "--images", at("broken")),
      /none of 1 images can be read; --images: expected one of PNG/,
    ],
    [instead(examples, "--images", at("text.txt")), /expected one of PNG, JPEG, WebP, AVIF/],
    [`${examples} --size 9`, /--size: a \.safetensors image keeps its size, 8×8/],
    [
      instead(examples, "--images", `${at("image.safetensors")} ${at("cut.png")}`),
      /holds images already, expected it alone/,
    ],
    [`${examples} --top 0`, /--top.*got "0"/],
    [`${atlas} --shard 2/2`, /--shard: expected I\/N with I from 0 to N−1, got "2\/2"/],
    [`${atlas} --shard 1`, /--shard: expected I\/N/],
    [`${atlas} --layer conv9_9`, /"conv9_9" is not in.*layers: conv1_1/],
    [`${instead(atlas, "--layer", "conv2_1")} --size 1`, /size 1×1: pool1/],
    [`${atlas} --init ${at("cut.png")}`, /--init: an atlas starts from zeros or noise/],
    [instead(atlas, "--out", at("text.txt")), /--out: /],
    [instead(atlas, "--out", ""), /--out: expected a folder, got ""/],
    [`${atlas} --until 1`, /unknown option '--until'/],
    [`${render} --target ${at("nowhere.jpg")}`, /--target: no such file/],
    [`${render} --target ${at("cut.png")}`, /--target: cannot be read/],
    [`${render} --batch 0`, /--batch.*got "0"/],
    [instead(render, "--objective", "tv"), /names no layer/],
    [
      instead(render, "--objective", "invert:conv1_1"),
      /invert:conv1_1 compares with a photograph, got none; give one: --target/,
    ],
    [instead(render, "--objective", "class:0:border=1"), /: class is no mean over positions/],
    [instead(render, "--objective", "channel:conv1_1:0[0,\t2]"), /no image 2 in the batch/],
    [
      instead(render, "--objective", "diversity:conv1_1\t-\ttv"),
      /diversity compares the images of a batch, got one image; draw several: --batch/,
    ],
    [
      instead(render, "--objective", "channel:conv1_1:0[1]"),
      /no image 1 in the batch; there is image 0 alone/,
    ],
    [`info --model ${net} --size 1`, /size 1×1/],
    [`info --model ${net} --expect 1`, /--expect: expected a photograph.*give --check IMAGE/],
    [`info --model ${net} --check ${at("image.safetensors")} --expect gold`, /class "gold" is unknown/],
    [`info --model ${net} --check ${at("image.safetensors")} --expect 1=x`, /a score is a number, got "x"/],
    [`info --model ${net} --check ${at("missing.jpg")}`, /--check.*missing\.jpg/],
    [
      `bench --model ${net} --objective class:0 --size 16 --tune --runtime firefox`,
      /--tune: times kernels on dawn, got --runtime firefox; .*\?bench/,
    ],
    [`bench --model ${net} --objective class:0`, /--size.* not specified/],
    [`bench --model ${net} --objective class:0 --size 16 --batch 0`, /--batch.*got "0"/],
    [`bench --model ${net} --objective class:0 --size 16 --iterations 0`, /--iterations.*got "0"/],
  ];
}
