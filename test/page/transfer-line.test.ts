import { expect, it } from "vitest";
import { TransferLine } from "../../src/page/transfer-line.ts";

it("tells bytes, and the time left once there is a pace", () => {
  const line = new TransferLine();
  expect(line.tell({ received: 0, expected: 60e6 }, 1000)).toBe("0.0 of 60.0 MB");
  expect(line.tell({ received: 20e6, expected: 60e6 }, 11_000)).toBe("20.0 of 60.0 MB, 20 s left");
  expect(line.tell({ received: 21e6, expected: 600e6 }, 22_000)).toBe("21.0 of 600.0 MB, 10 min left");
  expect(line.tell({ received: 60e6, expected: 60e6 }, 30_000)).toBeUndefined();
});

it("begins anew with another transfer, and says nothing of small ones", () => {
  const line = new TransferLine();
  line.tell({ received: 50e6, expected: 60e6 }, 0);
  expect(line.tell({ received: 1e6, expected: 60e6 }, 100_000)).toBe("1.0 of 60.0 MB");
  expect(line.tell({ received: 1000, expected: 60_000 }, 200_000)).toBeUndefined();
});
