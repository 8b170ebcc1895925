// What changes from one iteration to the next besides the image. All images have one state in common.
struct State {
  step: u32,         // finished iterations
  correction1: f32,  // 1 − β₁^(step+1), Adam's bias corrections, kept by recurrence:
  correction2: f32,  // 1 − β₂^(step+1) computed as a power would cancel in f32
  product: f32,      // Π of NAdam's momentums of steps 1 … step+1
}
