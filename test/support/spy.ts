/** A device that counts what is called on it and on its queue, and keeps a ledger of its buffers. */
export interface Spy {
  readonly device: GPUDevice;
  /** Calls since the last `clear`: `createBuffer`, `queue.submit`, `buffer.mapAsync`, … */
  readonly calls: Map<string, number>;
  /** Bytes of the buffers created and not destroyed. */
  liveBytes(): number;
}

export function spyOn(device: GPUDevice): Spy {
  const calls = new Map<string, number>();
  const live = new Map<GPUBuffer, number>();
  const count = (name: string) => calls.set(name, (calls.get(name) ?? 0) + 1);
  const watch = <T extends object>(target: T, prefix: string): T =>
    new Proxy(target, {
      get(_, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (key === "queue") return queue;
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          count(`${prefix}${String(key)}`);
          const made: unknown = Reflect.apply(value, target, args);
          if (key === "createBuffer") return watchBuffer(made as GPUBuffer);
          return key === "createCommandEncoder" ? watchEncoder(made as GPUCommandEncoder) : made;
        };
      },
    });
  const watchBuffer = (buffer: GPUBuffer): GPUBuffer => {
    live.set(buffer, buffer.size);
    const { mapAsync, destroy } = buffer;
    buffer.mapAsync = (...args) => {
      count("buffer.mapAsync");
      return Reflect.apply(mapAsync, buffer, args) as Promise<undefined>;
    };
    buffer.destroy = () => {
      live.delete(buffer);
      return Reflect.apply(destroy, buffer, []) as undefined;
    };
    return buffer;
  };
  const watchEncoder = (encoder: GPUCommandEncoder): GPUCommandEncoder => {
    const { beginComputePass } = encoder;
    encoder.beginComputePass = (...args) => {
      count("encoder.beginComputePass");
      return Reflect.apply(beginComputePass, encoder, args) as GPUComputePassEncoder;
    };
    return encoder;
  };
  const queue = watch(device.queue, "queue.");
  return {
    device: watch(device, ""),
    calls,
    liveBytes: () => [...live.values()].reduce((sum, bytes) => sum + bytes, 0),
  };
}
