/** Draws the resident image on a canvas, on the GPU; a transparent one premultiplied. */
import { code } from "../../../shaders/present.wgsl";
import type { Gpu } from "../../gpu/device.ts";
import { wallSize } from "../../optvis/wall.ts";

export interface PresentedImage {
  readonly image: GPUBuffer;
  /** Opacity, (N,1,H,W), where there is one. */
  readonly alpha?: GPUBuffer | undefined;
  /** Mean and gain, (N,2), where it is shown standardised: see shaders/standardize.wgsl. */
  readonly statistics?: GPUBuffer | undefined;
  readonly batch: number;
  readonly size: readonly [height: number, width: number];
  readonly mean: readonly number[];
}

/** One pipeline and bind group for one image and canvas format; drawing allocates nothing. */
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
      fragment: { module, targets: [{ format }] },
    });
    const [height, width] = picture.size;
    const { columns } = wallSize(picture.batch, picture.size);
    const frame = gpu.buffer("present frame", 48, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
    device.queue.writeBuffer(frame, 0, new Uint32Array([height, width, picture.batch, columns]));
    device.queue.writeBuffer(frame, 16, new Float32Array(picture.mean));
    device.queue.writeBuffer(frame, 32, new Uint32Array([picture.alpha ? 1 : 0, picture.statistics ? 1 : 0]));
    const group = device.createBindGroup({
      label: "present",
      layout: pipeline.getBindGroupLayout(0),
      entries: [
        { binding: 0, resource: { buffer: frame } },
        { binding: 1, resource: { buffer: picture.image } },
        // Something must be bound; opaque images are not asked for their opacity, nor all for their statistics.
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
