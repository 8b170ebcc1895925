import { describeStack } from "./stack.ts";

await describeStack("firefox");
