import { describeReading, describeRefusals } from "../../support/objectives.ts";

const on = { weight: 1, layer: "conv1_2" } as const;

describeReading("caricature", [
  ["caricature:conv1_2", { ...on, kind: "caricature", power: 0 }],
  ["caricature:conv1_2^2", { ...on, kind: "caricature", power: 2 }],
  ["caricature:conv1_2^1:border=2", { ...on, kind: "caricature", power: 1, border: 2 }],
]);

describeRefusals("caricature", [
  ["caricature:conv9_1", /"conv9_1" is not in/, /conv1_1/],
  ["caricature:conv1_1^17", /power of the cosine from 0 to 16/, /./],
]);
