/** As browsers and Dawn report them. */
export const LLVMPIPE = {
  vendor: "mesa",
  architecture: "software",
  description: "llvmpipe: Mesa 25.0.7 (LLVM 15.0.6) 0.0.1",
  isFallbackAdapter: true,
};
export const SWIFTSHADER = {
  vendor: "google",
  architecture: "swiftshader",
  description: "",
  isFallbackAdapter: true,
};
export const UNNAMED = { vendor: "", architecture: "", description: "", isFallbackAdapter: false };
