/** Pickles that attack: known gadgets, memo bombs, every opcode, and state dicts of hostile tensors. */
import { joined } from "./mutate.ts";
import { EVIL_NUMBERS, type Random, someName, someSize } from "./random.ts";

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (it) => it.charCodeAt(0) & 255);
const u32 = (n: number): string => String.fromCharCode(n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24);

/** A text of `BINUNICODE`. */
const text = (value: string): string => {
  const bytes = String.fromCharCode(...new TextEncoder().encode(value));
  return `X${u32(bytes.length)}${bytes}`;
};

/** Of `BININT1`, `BININT` or `LONG1`. */
function integer(value: number): string {
  if (Number.isInteger(value) && value >= 0 && value < 256) return `K${String.fromCharCode(value)}`;
  if (Math.abs(value) < 2 ** 31) return `J${u32(value | 0)}`;
  let bits = BigInt.asUintN(72, BigInt(Math.trunc(value)));
  let bytes = "";
  for (let i = 0; i < 9; i++, bits >>= 8n) bytes += String.fromCharCode(Number(bits & 255n));
  return `\x8a\x09${bytes}`;
}

const tuple = (parts: readonly string[]): string => `(${parts.join("")}t`;

const GLOBALS: readonly string[] = [
  ..."os system|posix system|nt system|subprocess Popen|subprocess check_output|builtins eval".split("|"),
  ..."builtins exec|__builtin__ eval|builtins getattr|builtins __import__|builtins compile".split("|"),
  ..."importlib import_module|runpy _run_code|pty spawn|socket create_connection|webbrowser open".split("|"),
  ..."torch.hub load|torch load|torch.jit load|torch.serialization load|torch._C _run|numpy load".split("|"),
  ..."copyreg _reconstructor|copy_reg _reconstructor|copyreg __newobj__|operator attrgetter".split("|"),
  ..."functools partial|types FunctionType|types CodeType|collections OrderedDict|collections defaultdict".split(
    "|",
  ),
  ..."numpy.core.multiarray _reconstruct|numpy._core.multiarray _reconstruct|numpy dtype|numpy ndarray".split(
    "|",
  ),
  ..."numpy.core.multiarray scalar|numpy._core.numeric _frombuffer|numpy.testing._private.utils runstring".split(
    "|",
  ),
  ..."torch._utils _rebuild_tensor|torch._utils _rebuild_tensor_v2|torch._utils _rebuild_tensor_v3".split(
    "|",
  ),
  ..."torch._utils _rebuild_parameter|torch._utils _rebuild_qtensor|torch._utils _rebuild_sparse_tensor".split(
    "|",
  ),
  ..."torch._tensor _rebuild_from_type_v2|torch.nn.parameter Parameter|torch Size|torch FloatStorage".split(
    "|",
  ),
  ..."torch.storage UntypedStorage|torch.nn.modules.conv Conv2d|__torch__.a Net|_codecs encode".split("|"),
  ..."torch.nn.modules.container Sequential|torch.nn.modules.linear Linear|torch.nn.modules.pooling MaxPool2d".split(
    "|",
  ),
  ..."constructor constructor|__proto__ __proto__|Function Function|globalThis eval|process exit".split("|"),
];

const global = (random: Random): string => {
  const [module = "", name = ""] = random.pick(GLOBALS).split(" ");
  return random.chance(0.5) ? `c${module}\n${name}\n` : `${text(module)}${text(name)}\x93`;
};

const PAYLOADS = [
  "globalThis.hostile=1",
  "touch /tmp/hostile",
  "__import__('os').system('x')",
  "return process",
];

function value(random: Random, depth = 3): string {
  switch (random.below(depth > 0 ? 14 : 8)) {
    case 0:
      return random.pick(["N", "\x88", "\x89", "I01\n", "]", ")", "}", "\x8f"]);
    case 1:
      return integer(someSize(random));
    case 2:
      return text(random.pick(PAYLOADS));
    case 3:
      return text(someName(random));
    case 4:
      return global(random);
    case 5:
      return `h${String.fromCharCode(random.below(6))}`;
    case 6:
      return `I${random.pick(EVIL_NUMBERS)}\n`;
    case 7:
      return storage(random, String(random.below(3)), someSize(random));
    case 8:
      return tuple(random.list(4, () => value(random, depth - 1)));
    case 9:
      return `](${random.list(4, () => value(random, depth - 1)).join("")}e`;
    case 10:
      return `}(${random.list(3, () => text(someName(random)) + value(random, depth - 1)).join("")}u`;
    case 11:
      return tensor(random);
    default:
      return call(random, depth - 1);
  }
}

/** Every way in which a pickle calls. */
function call(random: Random, depth: number): string {
  const args = (): string => tuple(random.list(5, () => value(random, depth)));
  const state = (): string => (random.chance(0.4) ? `${value(random, depth)}b` : "");
  const [module = "", name = ""] = random.pick(GLOBALS).split(" ");
  switch (random.below(7)) {
    case 0:
      return `(${random.list(3, () => value(random, depth)).join("")}i${module}\n${name}\n${state()}`;
    case 1:
      return `(${global(random)}${random.list(3, () => value(random, depth)).join("")}o${state()}`;
    case 2:
      return `${global(random)}${args()}\x81${state()}`;
    case 3:
      return `${global(random)}${args()}}\x92${state()}`;
    case 4:
      return `P${random.pick(PAYLOADS)}\n`;
    case 5:
      return `${value(random, depth)}Q`;
    default:
      return `${global(random)}${args()}R${state()}`;
  }
}

const TYPES =
  "FloatStorage DoubleStorage HalfStorage BFloat16Storage LongStorage QInt8Storage BoolStorage NoStorage";

function storage(random: Random, key: string, length: number): string {
  const type = random.pick(TYPES.split(" "));
  const module = random.pick(["torch", "torch", "torch.cuda", "torch.storage"]);
  return `${tuple([text("storage"), `c${module}\n${type}\n`, text(key), text("cpu"), integer(length)])}Q`;
}

/** A tensor whose numbers do not fit, mostly. */
function tensor(random: Random): string {
  const rank = random.pick([0, 1, 1, 2, 4, 4, random.below(20)]);
  const shape = Array.from({ length: rank }, () =>
    random.chance(0.7) ? 1 + random.below(3) : someSize(random),
  );
  const rows = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const strides = rows.map((n) => (random.chance(0.8) ? n : random.pick([0, 1, -1, someSize(random)])));
  const count = shape.reduce((a, b) => a * b, 1);
  const length = random.chance(0.7)
    ? Math.min(Math.abs(count), 64)
    : random.pick([count, someSize(random), 2 ** 31, 2 ** 40]);
  const offset = random.chance(0.8) ? 0 : someSize(random);
  const how = random.pick([
    "_rebuild_tensor_v2",
    "_rebuild_tensor_v2",
    "_rebuild_tensor",
    "_rebuild_qtensor",
    "_rebuild_tensor_v3",
  ]);
  const parts = [
    storage(random, String(random.below(3)), length),
    integer(offset),
    tuple(shape.map(integer)),
    tuple(strides.map(integer)),
  ];
  const more = ["\x89", "N", "ctorch\nfloat32\n", "N"].slice(0, random.below(5));
  return `ctorch._utils\n${how}\n${tuple([...parts, ...more])}R`;
}

/** A NumPy array that a pickle makes. */
function array(random: Random): string {
  const shape = tuple(random.list(4, () => integer(someSize(random))));
  const dtype = `cnumpy\ndtype\n${tuple([text(random.pick(["f4", "f8", "f2", "O8", "i8", "f16"])), "K\0", "K\x01"])}R${tuple(["K\x03", text(random.pick(["<", ">", "|"])), "N", "N", "N", "J\xff\xff\xff\xff", "J\xff\xff\xff\xff", "K\0"])}b`;
  const data = text("\x01\x02\x03\x04".repeat(random.below(9)));
  return `cnumpy.core.multiarray\n_reconstruct\n${tuple(["cnumpy\nndarray\n", "K\0\x85", "U\x01b"])}R${tuple(["K\x01", shape, dtype, "\x89", data])}b`;
}

/** Much from little: what is said once is used many times. */
function bomb(random: Random): string {
  const count = random.pick([10, 100, 1000, random.chance(0.2) ? 50_000 : 3000]);
  const long = text("y".repeat(count));
  const own = `}(${text("w")}${tensor(random)}u`;
  switch (random.below(12)) {
    case 0:
      return `${"]".repeat(count)}${"a".repeat(count - 1)}`;
    case 1:
      return `]q\0${"]q\0h\0ah\0ah\0".repeat(count)}`;
    case 2:
      return `]q\0h\0ah\0a`;
    case 3:
      return `](${random.pick(["}", "]", ")", "\x8f", "N", "(0", "G\0\0\0\0\0\0\0\0", "K\x07", "cos\nsystem\n", "cos\nsystem\n)R"]).repeat(count)}e`;
    case 4:
      return `${long}q\0](${"c_codecs\nencode\n(h\0tR".repeat(count)}e`;
    case 5:
      return `](${"N\x86".replace("N", "NN").repeat(count)}eq\0](${"ccollections\nOrderedDict\n(h\0tR".repeat(count)}e`;
    case 6:
      return `}(${text("k")}](${`${long}q\x01`}${"h\x01".repeat(count)}eq\0${Array.from({ length: Math.min(count, 2000) }, (_, i) => `${text(`k${i}`)}h\0`).join("")}${text("w")}${tensor(random)}u`;
    case 7:
      return `}(${long}q\0}(${Array.from({ length: Math.min(count, 2000) }, (_, i) => `${text(`k${i}`)}${tensor(random)}`).join("")}uu`;
    case 8:
      return `${text("\x01".repeat(4 * count))}q\0](${`cnumpy.core.multiarray\n_reconstruct\n(tR(K\x01K\x01\x85cnumpy\ndtype\n(U\x02f4tR\x89h\0tb`.repeat(Math.min(count, 3000))}e`;
    case 9:
      return `${own}q\0${Array.from({ length: Math.min(count, 200) }, () => `}(${text(someName(random))}h\0${text("b")}h\0uq\0`).join("")}`;
    case 10:
      return `${text("a")}${"q\0\x94".repeat(count)}0${own}`;
    default:
      return `}(${Array.from({ length: Math.min(count, 5000) }, (_, i) => `${text(`features.${i}.weight`)}${tensor(random)}`).join("")}u`;
  }
}

/** A dictionary of tensors under names that people give, in wrappers that people use. */
export function stateDict(random: Random): string {
  const entries = random.list(8, (i) => {
    const name = random.chance(0.6)
      ? `features.${i}.${random.pick(["weight", "bias", "running_mean"])}`
      : someName(random);
    return (
      text(name) + (random.chance(0.8) ? tensor(random) : random.chance(0.5) ? array(random) : value(random))
    );
  });
  const dict = random.chance(0.5)
    ? `}(${entries.join("")}u`
    : `ccollections\nOrderedDict\n)R(${entries.join("")}u${random.chance(0.2) ? `}(${text("_metadata")}Nub` : ""}`;
  if (random.chance(0.6)) return dict;
  const wrapper = random.pick(["state_dict", "model", "net", "__proto__", "optimizer"]);
  return `}(${text("epoch")}K\x01${text("classes")}](${text("cat")}${text(someName(random))}e${text(wrapper)}${dict}u`;
}

/** A module that was pickled whole, with settings that no module has. */
function module(random: Random, depth = 2): string {
  const [path, settings] = random.pick([
    [
      "torch.nn.modules.conv Conv2d",
      ["kernel_size", "stride", "padding", "dilation", "groups", "in_channels", "padding_mode"],
    ],
    ["torch.nn.modules.pooling MaxPool2d", ["kernel_size", "stride", "padding", "dilation", "ceil_mode"]],
    ["torch.nn.modules.batchnorm BatchNorm2d", ["eps", "momentum", "num_features", "affine"]],
    ["torch.nn.modules.activation LeakyReLU", ["negative_slope", "inplace"]],
    ["torch.nn.modules.linear Linear", ["in_features", "out_features"]],
    ["torch.nn.modules.container Sequential", []],
    ["torch.nn.modules.flatten Flatten", ["start_dim", "end_dim"]],
    ["torch.nn.modules.pooling AdaptiveAvgPool2d", ["output_size"]],
    ["torch.nn.modules.batchnorm BatchNorm1d", ["eps"]],
    ["torch.nn.parallel.data_parallel DataParallel", []],
  ] as const);
  const [file = "", name = ""] = path.split(" ");
  const own = ["weight", "bias"].map(
    (key) => text(key) + (random.chance(0.9) ? tensor(random) : value(random, 1)),
  );
  const inner =
    depth > 0
      ? random.list(
          4,
          (i) => text(String(i)) + (random.chance(0.9) ? module(random, depth - 1) : value(random, 1)),
        )
      : [];
  const said = settings.map(
    (key) =>
      text(key) +
      (random.chance(0.6) ? tuple([integer(someSize(random)), integer(someSize(random))]) : value(random, 1)),
  );
  const parts = `${text("_parameters")}}(${own.join("")}u${text("_buffers")}}(u${text("_modules")}}(${inner.join("")}u`;
  return `c${file}\n${name}\n)\x81}(${parts}${said.join("")}ub`;
}

/** Opcodes in any order. */
function anyOpcodes(random: Random): Uint8Array {
  const opcodes = Array.from({ length: random.below(64) }, () =>
    random.chance(0.6)
      ? latin1(value(random, 1))
      : Uint8Array.of(random.bits() & 255, ...random.bytes(random.below(3))),
  );
  return joined(...opcodes);
}

/** A pickle with its protocol and its end. */
export function hostilePickle(random: Random): Uint8Array {
  const begin = latin1(random.pick(["\x80\x02", "\x80\x02", "\x80\x04", "\x80\x05"]));
  const end = latin1(random.chance(0.97) ? "." : "");
  const memo = random.chance(0.3) ? `${text("x")}q\0${text("y")}q\x01]q\x02}q\x03` : "";
  const body = ((): Uint8Array => {
    switch (random.below(10)) {
      case 0:
        return anyOpcodes(random);
      case 1:
        return latin1(random.chance(0.3) ? bomb(random) : stateDict(random));
      case 2:
      case 3:
        return latin1(value(random));
      case 4:
      case 5:
        return latin1(module(random));
      case 6:
        return latin1(`}(${random.list(3, () => text(someName(random)) + array(random)).join("")}u`);
      default:
        return latin1(stateDict(random));
    }
  })();
  return joined(begin, latin1(memo), body, end);
}
