/**
 * Pickles as files of weights have attacked Python with. Most of them leave a mark where Python's own `pickle.load` reads
 * them; the bombs take its memory or its stack. Here nothing runs, in whatever file they lie, and the refusal comes soon.
 */
import { createHook } from "node:async_hooks";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openModel } from "../../../src/model/model.ts";
import { openCheckpoint } from "../../../src/model/readers/open-checkpoint.ts";
import { bytesSource } from "../../../src/model/source.ts";
import { forbidCode, watchNames } from "../../support/hostile/guard.ts";
import { expectTyped } from "../../support/hostile/kind.ts";
import { joined } from "../../support/hostile/mutate.ts";

/** What the command would leave behind. */
const MARK = join(tmpdir(), "ascent-pickle-attack");
/** Of processor time, which other work on the machine does not lengthen much. */
const MOST_MS = 5000;

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (it) => it.charCodeAt(0));
const short = (text: string): string => `\x8c${String.fromCharCode(text.length)}${text}`;
const COMMAND = `touch ${MARK}`;
/** Of protocol 0, so that the command may hold anything. */
const text = `S'${COMMAND}'\n`;
const PYTHON = `S'open("${MARK}","w")'\n`;
const INNER = `cos\nsystem\n(${text}tR.`;
/** A function by two names on the stack. */
const stackGlobal = (module: string, name: string): string => `${short(module)}${short(name)}\x93`;

const ATTACKS: Readonly<Record<string, string>> = {
  "GLOBAL and REDUCE of os.system": `cos\nsystem\n(${text}tR.`,
  "STACK_GLOBAL and REDUCE of posix.system": `\x80\x04${stackGlobal("posix", "system")}${text}\x85R.`,
  "STACK_GLOBAL from the memo": `\x80\x04${short("os")}\x94${short("system")}\x94h\0h\x01\x93${text}\x85R.`,
  "builtins.exec": `\x80\x02cbuiltins\nexec\n${PYTHON}\x85R.`,
  "eval by its name of Python 2": `c__builtin__\neval\n(${PYTHON}tR.`,
  "subprocess.check_call of a list": `\x80\x04${stackGlobal("subprocess", "check_call")}](S'touch'\nS'${MARK}'\ne\x85R.`,
  "getattr of a module, and the call of what it gives": `\x80\x04${stackGlobal("builtins", "getattr")}(${stackGlobal("importlib", "import_module")}(S'os'\ntRS'system'\ntR(${text}tR.`,
  "a dotted name": `\x80\x04${stackGlobal("os", "path.os.system")}${text}\x85R.`,
  "runpy of a line": `crunpy\n_run_code\n(${PYTHON}}tR.`,
  "a generator that operator.methodcaller works": `coperator\nmethodcaller\n(S'system'\n${text}tR(cimportlib\nimport_module\n(S'os'\ntRtR.`,
  "functools.partial, called by REDUCE": `cfunctools\npartial\n(cos\nsystem\n${text}tR(tR.`,
  INST: `(${text}ios\nsystem\n.`,
  OBJ: `(cos\nsystem\n${text}o.`,
  "NEWOBJ of Popen": `\x80\x02csubprocess\nPopen\n](S'touch'\nS'${MARK}'\ne\x85\x81.`,
  "NEWOBJ_EX of Popen": `\x80\x04${stackGlobal("subprocess", "Popen")}](S'touch'\nS'${MARK}'\ne\x85}\x92.`,
  "BUILD that calls __setstate__ of a class": `\x80\x02ctypes\nSimpleNamespace\n)R}S'__setstate__'\ncos\nsystem\nsb${text}b.`,
  "BUILD of slots": `\x80\x02ctypes\nSimpleNamespace\n)R}S'__class__'\ncos\nsystem\nsb.`,
  "an extension of one byte": `\x80\x02\x82\x01(${text}tR.`,
  "an extension of two bytes": `\x80\x02\x83\x01\x02(${text}tR.`,
  "an extension of four bytes": `\x80\x02\x84\x01\x02\x03\x04(${text}tR.`,
  "a registered extension of its own": `ccopyreg\nadd_extension\n(S'os'\nS'system'\nI240\ntR0\x80\x02\x82\xf0(${text}tR.`,
  "a persistent id that is a call": `\x80\x02cos\nsystem\n(${text}tRQ.`,
  "a persistent id of text": `P${COMMAND}\n.`,
  "torch.load of another file": `ctorch\nload\n(${text}tR.`,
  "torch.hub.load": `\x80\x02ctorch.hub\nload\n(S'x/y'\nS'z'\ntR.`,
  "numpy's runstring": `cnumpy.testing._private.utils\nrunstring\n(${PYTHON}}tR.`,
  "a call within a tensor's arguments": `ctorch._utils\n_rebuild_tensor_v2\n(cos\nsystem\n(${text}tRI0\n(I1\nt(I1\ntI00\nNtR.`,
  "a call as the key of a dictionary": `}cos\nsystem\n(${text}tRI1\ns.`,
  "a call as a tensor's name": `\x80\x02}cos\nsystem\n(${text}tRctorch._utils\n_rebuild_parameter\n(NI00\nNtRs.`,
  "a call after the STOP of what is read": `\x80\x02}.cos\nsystem\n(${text}tR.`,
  "a pickle within a pickle": `\x80\x03cpickle\nloads\nC${String.fromCharCode(INNER.length)}${INNER}\x85R.`,
  "marshalled code": `ctypes\nFunctionType\n(cmarshal\nloads\n(S'c'\ntR}S''\ntR(tR.`,
  "JavaScript's Function": `cFunction\nFunction\n(S'globalThis.hostile=1'\ntR)R.`,
  "JavaScript's constructor of a constructor": `cconstructor\nconstructor\n(S'return process'\ntR)R.`,
  "a state under __proto__": `\x80\x02ctypes\nSimpleNamespace\n)R}S'__proto__'\n}S'hostile'\nI1\nssb.`,
};

/** Each level holds the one below it ten times. */
const laughs = (open: string, close: string): string =>
  `\x80\x02K\x01q\0${Array.from({ length: 40 }, (_, i) => `${open}${`h${String.fromCharCode(i)}`.repeat(10)}${close}q${String.fromCharCode(i + 1)}`).join("")}.`;

const BOMBS: Readonly<Record<string, string>> = {
  "a billion laughs of tuples": laughs("(", "t"),
  "a billion laughs of lists": laughs("](", "e"),
  "a billion laughs of dictionaries' values": laughs("}(", "u"),
  "a billion laughs of frozen sets": laughs("(", "\x91"),
  "tuples in tuples, a million deep": `\x80\x02)${"\x85".repeat(1e6)}.`,
  "marks, a million": `${"(".repeat(1e6)}t.`,
  "lists in lists, 200,000 deep": `${"(l".repeat(1)}${"]".repeat(2e5)}${"a".repeat(2e5)}.`,
  "states within states": `${"ctypes\nSimpleNamespace\n)R".repeat(20_000)}${"b".repeat(19_999)}.`,
  "calls within calls": `${"cos\nsystem\n".repeat(50_000)})${"\x85R".repeat(50_000)}.`,
  "a memo of a million entries": `\x80\x04N${"\x94".repeat(1e6)}.`,
  "a memo far away": `\x80\x02Nr\xff\xff\xff\x7fj\xff\xff\xff\x7f.`,
  "a frame of 2^63 bytes": `\x80\x04\x95${"\xff".repeat(7)}\x7fN.`,
  "bytes of 2^40": "\x80\x04\x8e\0\0\0\0\0\x01\0\0.",
  "a byte array of 2^40": "\x80\x05\x96\0\0\0\0\0\x01\0\0.",
  "duplicates of a long text": `T\xff\xff\0\0${"x".repeat(65535)}${"2".repeat(5e5)}.`,
  "an integer of a million digits": `I${"9".repeat(1e6)}\n.`,
};

const MAGIC = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

/** Where PyTorch and NumPy look for pickles. */
const FILES: Readonly<Record<string, (pickle: Uint8Array) => Uint8Array>> = {
  "a bare pickle": (pickle) => pickle,
  "PyTorch's zip": (pickle) =>
    zipSync({ "x/data.pkl": pickle, "x/data/0": new Uint8Array(16) }, { level: 0 }),
  "TorchScript's constants": (pickle) =>
    zipSync({ "x/data.pkl": latin1("\x80\x02}."), "x/constants.pkl": pickle, "x/code/a.py": pickle }),
  "a zip in a zip": (pickle) => {
    const inner = zipSync({ "x/data.pkl": pickle });
    return zipSync({ "x/data.pkl": inner, "x/data/0": inner }, { level: 0 });
  },
  "PyTorch's older file": (pickle) =>
    joined(latin1(`${MAGIC}\x80\x02M\xe9\x03.\x80\x02}.`), pickle, latin1("\x80\x02].")),
  "its list of storages": (pickle) =>
    joined(latin1(`${MAGIC}\x80\x02M\xe9\x03.\x80\x02}.\x80\x02}.`), pickle),
  "an array of objects of NumPy": (pickle) => {
    const header = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".padEnd(117);
    const npy = joined(latin1(`\x93NUMPY\x01\0\x76\0${header}\n`), pickle);
    return zipSync({ "conv1_1_W.npy": npy }, { level: 0 });
  },
};

let processes = 0;
const hook = createHook({
  init(_, type) {
    if (type === "PROCESSWRAP" || type === "WORKER") processes++;
  },
});
const ranCode = forbidCode();
const changedNames = watchNames();
beforeAll(() => void hook.enable());
afterAll(() => {
  hook.disable();
  expect(processes).toBe(0);
  expect(changedNames()).toEqual([]);
  expect(ranCode()).toBe(false);
  expect(existsSync(MARK)).toBe(false);
});

/** Every question to it is refused in words, and in time. */
async function expectInert(bytes: Uint8Array): Promise<void> {
  const begin = process.cpuUsage();
  const source = bytesSource("file", bytes);
  const listed = await refused(openCheckpoint(source));
  for (const tensor of listed?.tensors.keys() ?? [])
    expect(await refused(listed?.read(tensor) as Promise<unknown>)).toBeUndefined();
  expect(await refused(openModel(source, { preprocess: "unit" }))).toBeUndefined();
  // Of the processor: the machine has other work too.
  const { user, system } = process.cpuUsage(begin);
  expect((user + system) / 1000).toBeLessThan(MOST_MS);
  expect(ranCode()).toBe(false);
}

async function refused<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    expectTyped(error);
    return undefined;
  }
}

test.each(Object.keys(ATTACKS))("%s runs nothing", async (name) => {
  const pickle = latin1(ATTACKS[name] as string);
  for (const file of Object.values(FILES)) await expectInert(file(pickle));
  expect(existsSync(MARK)).toBe(false);
  expect(processes).toBe(0);
});

test.each(Object.keys(BOMBS))("%s: refused in time", async (name) => {
  const pickle = latin1(BOMBS[name] as string);
  for (const file of Object.values(FILES)) await expectInert(file(pickle));
});
