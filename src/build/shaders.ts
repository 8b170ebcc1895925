/** `npm run shaders`: declares every kernel to TypeScript, which a type check needs beforehand. */
import { fileURLToPath } from "node:url";
import { declareShaders } from "./wgsl.ts";

declareShaders(fileURLToPath(new URL("../../shaders", import.meta.url)));
