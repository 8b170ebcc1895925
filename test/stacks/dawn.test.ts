import { describeStack } from "./stack.ts";

await describeStack("dawn");
