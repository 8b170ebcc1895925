/**
 * MACO (Fel et al. 2023, "Unlocking Feature Visualization for Deeper Networks with MAgnitude Constrained
 * Optimization"): only the phase of the spectrum is optimised. The magnitude is that of natural images and stays.
 */
import { phase_backward, phase_forward } from "../../../shaders/phase.wgsl";
import { dispatch, fold } from "../../gpu/dispatch.ts";
import type { Size } from "../../model/network.ts";
import { type Colours, coloursOf } from "../../nn/preprocess.ts";
import { colourBackward, colourForward } from "./colour.ts";
import { coloursSpectrum, inverseTransform } from "./fourier.ts";
import { magnitude } from "./magnitude.ts";
import type { Param } from "./param.ts";
import { bins, lowBins } from "./spectrum.ts";

/** A phase for each colour and every frequency. */
function length(size: Size, colours: Colours): number {
  return colours * size[0] * bins(size);
}

export const maco: Param = {
  length,
  coarse: (size, cycles, colours) => lowBins(size, cycles, { planes: colours, times: 1 }),
  plan(images, { image, gradient }, memory) {
    const { batch, size } = images;
    const planes = coloursOf(images.mean);
    const count = batch * length(size, planes);
    const values = memory.buffer("phase", "param", 4 * count);
    const valuesGradient = memory.buffer("phase.gradient", "param", 4 * count);
    const spectrum = memory.buffer("phase.spectrum", "workspace", 8 * count);
    const colours = memory.buffer("colours", "workspace", 4 * planes * batch * size[0] * size[1]);
    const scale = memory.table("spectrum.magnitude", Float32Array.from(magnitude(size, planes)));
    const passes = inverseTransform({ planes: planes * batch, size }, { scale, scalePlanes: planes }, memory);
    const options = { uniform: { length: count }, workgroups: fold(count) };
    return {
      values,
      gradient: valuesGradient,
      forward: [
        dispatch(phase_forward, { label: "phase forward", ...options, buffers: { phase: values, spectrum } }),
        ...passes.forward(spectrum, colours),
        colourForward(images, { input: colours, output: image }),
      ],
      backward: [
        colourBackward(images, { input: gradient, output: colours, image }),
        ...passes.backward(colours, spectrum),
        dispatch(phase_backward, {
          ...{ label: "phase backward", ...options },
          buffers: { phase: values, spectrumGradient: spectrum, phaseGradient: valuesGradient },
        }),
      ],
    };
  },
  /** Phases that are about uniform: normal numbers spread over several turns. */
  noise: (normal, size, colours) =>
    Float32Array.from({ length: length(size, colours) }, () => 2 * Math.PI * normal()),
  /** The phase of the picture; its magnitude is not kept. */
  fromPicture(picture, { size }) {
    const spectrum = coloursSpectrum(picture, size);
    return Float32Array.from({ length: spectrum.length / 2 }, (_, i) =>
      Math.atan2(spectrum[2 * i + 1] as number, spectrum[2 * i] as number),
    );
  },
};
