import { describePenalty, describeRefusals } from "../../support/objectives.ts";

describePenalty("blur", [
  ["blur", { kind: "blur", weight: -1, layer: "image", amount: 1 }],
  ["blur:2[0]", { kind: "blur", weight: -1, layer: "image", amount: 2, images: [0] }],
]);

describeRefusals("blur", [["channel:conv1_1:0 - blur:0", /a number from 0.1 to 64, got "0"/, /./]]);
