/** Draws the ascent's image on a canvas. Pixels stay on the GPU. Colours of a transparent image are premultiplied. */
import { code } from "../../../shaders/present.wgsl";
import type { Gpu } from "../../gpu/device.ts";
import { coloursOf, vectorOf } from "../../nn/preprocess.ts";
import { wallSize } from "../../optvis/wall.ts";

export interface PresentedImage {
  readonly image: GPUBuffer;
  /** Opacity, (N,1,H,W), where there is one. */
  readonly alpha?: GPUBuffer | undefined;
  /** Mean and gain of each image, (N,2), where images are shown standardised: see shaders/standardize.wgsl. */
  readonly statistics?: GPUBuffer | undefined;
  readonly batch: number;
  readonly size: readonly [height: number, width: number];
  readonly mean: readonly number[];
}

/** The pipeline and bind group for one image and one canvas format. Drawing allocates nothing. */
export class Presenter {
  readonly #gpu: Gpu;
  readonly #pipeline: GPURenderPipeline;
  readonly #group: GPUBindGroup;
  readonly #frame: GPUBuffer;

  private constructor(gpu: Gpu, pipeline: GPURenderPipeline, group: GPUBindGroup, frame: GPUBuffer) {
    this.#gpu = gpu;
    this.#pipeline = pipeline;
    this.#group = group;
    this.#frame = frame;
  }

  static create(gpu: Gpu, picture: PresentedImage, format: GPUTextureFormat): Presenter {
    const { device } = gpu;
    const module = device.createShaderModule({ label: "present.wgsl", code });
    const pipeline = device.createRenderPipeline({
      label: "present",
      layout: "auto",
      vertex: { module },
      fragment: { module, targets: [{ format }], constants: { COLOURS: coloursOf(picture.mean) } },
    });
    const [height, width] = picture.size;
    const { columns } = wallSize(picture.batch, picture.size);
    const frame = gpu.buffer("present frame", 48, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
    device.queue.writeBuffer(frame, 0, new Uint32Array([height, width, picture.batch, columns]));
    device.queue.writeBuffer(frame, 16, new Float32Array(vectorOf(picture.mean)));
    device.queue.writeBuffer(frame, 32, new Uint32Array([picture.alpha ? 1 : 0, picture.statistics ? 1 : 0]));
    const group = device.createBindGroup({
      label: "present",
      layout: pipeline.getBindGroupLayout(0),
      entries: [
        { binding: 0, resource: { buffer: frame } },
        { binding: 1, resource: { buffer: picture.image } },
        // Every binding needs a buffer. The shader reads opacity and statistics only if `frame` says that they are there.
        { binding: 2, resource: { buffer: picture.alpha ?? picture.image } },
        { binding: 3, resource: { buffer: picture.statistics ?? picture.image } },
      ],
    });
    return new Presenter(gpu, pipeline, group, frame);
  }

  draw(view: GPUTextureView): void {
    const encoder = this.#gpu.device.createCommandEncoder({ label: "present" });
    const pass = encoder.beginRenderPass({
      label: "present",
      colorAttachments: [{ view, loadOp: "clear", storeOp: "store" }],
    });
    pass.setPipeline(this.#pipeline);
    pass.setBindGroup(0, this.#group);
    pass.draw(3);
    pass.end();
    this.#gpu.device.queue.submit([encoder.finish()]);
  }

  dispose(): void {
    this.#gpu.free(this.#frame);
  }
}
