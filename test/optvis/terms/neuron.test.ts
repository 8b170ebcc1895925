import { expect, test } from "vitest";
import { formatObjective, parseObjective } from "../../../src/optvis/objective.ts";
import type { Term } from "../../../src/optvis/term.ts";
import { describeReading, describeRefusals, headless, network, refusal } from "../../support/objectives.ts";

const logit = (channel: number): Term => ({ kind: "neuron", weight: 1, layer: "logits", channel });

describeReading("neuron", [
  ["neuron:relu2_1:15", { kind: "neuron", weight: 1, layer: "relu2_1", channel: 15 }],
  ["neuron:conv2_1:3:2,10", { kind: "neuron", weight: 1, layer: "conv2_1", channel: 3, position: [2, 10] }],
  ["class:3", logit(3)],
  ["class:goldfish", logit(0)],
  ["class:GoldFish", logit(0)],
  ["class:European fire salamander", logit(1)],
  ['class:"european fire salamander"', logit(1)],
  ["class:rock 'n' roll", logit(2)],
  ['class:"salt + pepper"', logit(3)],
  ['class:"7"', logit(4)],
  ["class:7", logit(7)],
  ["class:cardigan", logit(6)],
  ["class:Cardigan", logit(5)],
]);

describeRefusals("neuron", [
  ["neuron:conv1_1", /expected neuron:LAYER:I/, /./],
  ["neuron:conv1_1:0:1", /expected a position Y,X, got "1"/, /centre/],
  ["neuron:conv1_1:0:-1,2", /expected a position/, /centre/],
  ["class:10", /class "10" is out of range/, /classes are 0 to 9/],
  ["class:-1", /out of range/, /0 to 9/],
  ["class:goldfsh", /"goldfsh" is unknown/, /^nearest: "goldfish"/],
  ["class:salamander", /unknown/, /^nearest: "European fire salamander"/],
  ["class:CARDIGAN", /is the name of 5, 6/, /index/],
  ["class:twin", /is the name of 8, 9/, /index/],
  ["class:", /expected an index or a name/, /./],
  ['class:"goldfish"x', /expected an index or a name/, /./],
  ["class:salt + pepper", /"salt" is unknown/, /^nearest: "salt \+ pepper"/],
  ["neuron:conv1_1:0:border=2", /neuron is no mean over positions/, /channel, layer, direction/],
  ["class:goldfish:border=2", /class is no mean over positions/, /channel, layer, direction/],
]);

test("a class of a network without a head", () => {
  expect(refusal("class:0", headless).message).toMatch(/no classes/);
});

test("classes are written by name where that is clear", () => {
  const format = (spec: string): string => formatObjective(parseObjective(spec, network), network);
  expect(format("class:0 - 0.5*class:1")).toBe('class:goldfish - 0.5*class:"European fire salamander"');
  expect(format("class:8 + class:7")).toBe("class:8 + class:7");
  expect(format("neuron:logits:3")).toBe('class:"salt + pepper"');
});
