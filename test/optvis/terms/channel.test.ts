import { describeReading, describeRefusals } from "../../support/objectives.ts";

const on = { weight: 1, layer: "conv1_2" } as const;

describeReading("channel", [
  ["channel:conv1_2:7", { kind: "channel", weight: 1, layer: "conv1_2", channel: 7 }],
  ["channel:pool1:0", { kind: "channel", weight: 1, layer: "pool1", channel: 0 }],
  ["channel:logits:9", { kind: "channel", weight: 1, layer: "logits", channel: 9 }],
  ["  channel:conv1_1:0  ", { kind: "channel", weight: 1, layer: "conv1_1", channel: 0 }],
  ["channel:conv1_2:7,0,7", { ...on, kind: "channels", channels: [7, 0, 7] }],
  ["channel:conv1_2:2..4,0", { ...on, kind: "channels", channels: [2, 3, 4, 0] }],
  ["channel:conv1_2:5[1]", { ...on, kind: "channel", channel: 5, images: [1] }],
  ["channel:conv1_2:5:border=2", { ...on, kind: "channel", channel: 5, border: 2 }],
  ["channel:conv1_2:5..6:border=0[1]", { ...on, kind: "channels", channels: [5, 6], border: 0, images: [1] }],
]);

describeRefusals("channel", [
  [
    "channel:conv9_9:0",
    /"conv9_9" is not in/,
    /^layers: conv1_1 relu1_1 conv1_2 relu1_2 pool1 conv2_1 relu2_1 pool2 avgpool logits$/,
  ],
  ["channel:conv1_1:4", /no channel "4"/, /channels of conv1_1 are 0 to 3/],
  ["channel:conv1_1:-1", /no channel "-1"/, /0 to 3/],
  ["channel:conv1_1:1.5", /no channel/, /0 to 3/],
  ["channel:conv1_1:0x1", /no channel/, /0 to 3/],
  ["channel:conv1_1:", /no channel ""/, /0 to 3/],
  ["channel:conv1_1", /expected channel:LAYER:I/, /./],
  ["channel:conv1_1:1:2,3", /expected channel:LAYER:I/, /./],
  ["channel:conv1_1:0,4", /no channel "4"/, /0 to 3/],
  ["channel:conv1_1:2..4", /no channel "4"/, /0 to 3/],
  ["channel:conv1_1:3..1", /range upward, got "3..1"/, /./],
]);
