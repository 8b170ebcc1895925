/** Command lines that must be refused: the words, and what the one line on stderr has to say. */

/** @param at path of a file in the test's folder */
export function badInput(at: (name: string) => string): readonly (readonly [words: string, says: RegExp])[] {
  const net = at("net.safetensors");
  const render = `render --model ${net} --objective class:0 --size 16 --iterations 2 --out ${at("x.png")}`;
  const gradient = `gradient --model ${net} --objective class:0 --image ${at("image.safetensors")} --out ${at("g.safetensors")}`;
  const without = (words: string, flag: string): string => words.replace(new RegExp(` ${flag} \\S+`), "");
  const instead = (words: string, flag: string, value: string): string =>
    words.replace(new RegExp(` ${flag} \\S+`), ` ${flag} ${value}`);
  return [
    ["paint", /unknown command 'paint'/],
    ["rendr", /unknown command 'rendr'.*render/],
    [`${render} --colour red`, /unknown option '--colour'/],
    [`${render} --sise 3`, /unknown option '--sise'.*--size/],
    [`${render} more`, /too many arguments/],
    [without(render, "--model"), /--model.* not specified/],
    [without(render, "--objective"), /--objective.* not specified/],
    [without(render, "--size"), /--size.* not specified/],
    [without(render, "--iterations"), /--iterations.* not specified/],
    [without(render, "--out"), /--out.* not specified/],
    [`${render} --lr`, /--lr.*missing/],
    [instead(render, "--size", "0"), /--size: expected N or HxW.*got "0"/],
    [instead(render, "--size", "8x"), /--size.*got "8x"/],
    [instead(render, "--size", "5000"), /--size.*1 to 4096.*got "5000"/],
    [instead(render, "--size", "1"), /size 1×1: pool1.*at least 4/],
    [instead(render, "--iterations", "1.5"), /--iterations: expected a whole number/],
    [instead(render, "--iterations", "-1"), /--iterations.*got "-1"/],
    [`${render} --lr fast`, /--lr: expected a number.*got "fast"/],
    [`${render} --lr -1`, /--lr.*got "-1"/],
    [`${render} --l2 NaN`, /--l2.*got "NaN"/],
    [`${render} --blur -2`, /--blur.*got "-2"/],
    [`${render} --blur 1 --blur-every 0`, /--blur-every.*got "0"/],
    [`${render} --blur-every 4`, /--blur-every: expected --blur/],
    [`${render} --jitter 1.5`, /--jitter.*got "1.5"/],
    [`${render} --seed -1`, /--seed.*got "-1"/],
    [`${render} --seed 4294967296`, /--seed.*4294967295.*got "4294967296"/],
    [`${render} --until soon`, /--until.*got "soon"/],
    [`${render} --redirect maybe`, /--redirect: expected on or off, got "maybe"/],
    [
      `${render} --optimizer lion`,
      /--optimizer: expected sgd, normalized, rms, momentum or adam, got "lion"/,
    ],
    [`${render} --runtime safari`, /--runtime: expected dawn, chromium or firefox, got "safari"/],
    [`${render} --preprocess rgb`, /--preprocess: expected unit, imagenet or caffe, got "rgb"/],
    [`${render} --padding 2`, /--padding: expected 0 or 1, got "2"/],
    [`${render} --recipe ${at("nowhere.json")}`, /--recipe: no such file/],
    [`${render} --recipe ${at("text.txt")}`, /--recipe: expected "default" or a JSON file/],
    [`${render} --init ${at("nowhere.jpg")}`, /--init: no such file/],
    [`${render} --init ${at("text.txt")}`, /expected a PNG or a JPEG/],
    [`${render} --init ${at("cut.png")}`, /photo: cannot be read/],
    [instead(render, "--model", at("nowhere")), /--model: no such file/],
    [instead(render, "--model", "."), /--model: expected a file/],
    [instead(render, "--model", at("text.txt")), /text\.txt/],
    [instead(render, "--model", at("cut.safetensors")), /cut\.safetensors/],
    [instead(render, "--model", at("plain.safetensors")), /--preprocess unit\|imagenet\|caffe/],
    [instead(render, "--model", at("nan.safetensors")), /features\.0\.weight.*NaN/],
    [instead(render, "--objective", "class:4"), /0 to 2/],
    [instead(render, "--objective", "class:catt"), /nearest.*cat/],
    [instead(render, "--objective", "channel:conv9_9:0"), /conv9_9.*layers: conv1_1 relu1_1 pool1/],
    [instead(render, "--objective", "channel:conv1_1:4"), /0 to 3/],
    [instead(render, "--objective", "neuron:conv2_1:0:99,0"), /neuron|position|row/],
    [instead(render, "--objective", "purple"), /objective/],
    [instead(render, "--out", at("x.gif")), /--out: expected a name ending in \.png or \.safetensors/],
    [instead(render, "--out", at("none/x.png")), /--out: no such folder/],
    [instead(gradient, "--out", at("x.png")), /--out: expected a name ending in \.safetensors/],
    [instead(gradient, "--image", at("nowhere")), /--image: no such file/],
    [instead(gradient, "--image", net), /--image: expected a tensor image/],
    [
      instead(gradient, "--image", at("flat.safetensors")),
      /image: expected shape \[N,3,H,W\], got \[3,8,8\]/,
    ],
    [`info --model ${net} --size 1`, /size 1×1/],
    [`bench --model ${net} --objective class:0`, /--size.* not specified/],
    [`bench --model ${net} --objective class:0 --size 16 --batch 0`, /--batch.*got "0"/],
    [`bench --model ${net} --objective class:0 --size 16 --iterations 0`, /--iterations.*got "0"/],
  ];
}
