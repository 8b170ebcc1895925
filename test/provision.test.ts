import { describe, expect, test } from "vitest";
import { backportsSource } from "./stacks/debian.ts";
import { wantedStacks } from "./stacks/environment.ts";

const BACKPORTS = (signedBy: string) =>
  `Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm-backports\nComponents: main\n${signedBy}`;

describe("the backports source", () => {
  test("is on the mirror and with the key of a deb822 list", () => {
    const lists = [
      "Types: deb\nURIs: http://security.example/debian-security\nSuites: bookworm-security\nComponents: main\n",
      "# Made by an installer\n\nTypes: deb\n# a snapshot\nURIs: http://mirror.example/debian\n" +
        "Suites: bookworm bookworm-updates\nComponents: main contrib\nSigned-By: /usr/share/keyrings/d.gpg\n",
    ];
    expect(backportsSource(lists, "bookworm")).toBe(BACKPORTS("Signed-By: /usr/share/keyrings/d.gpg\n"));
  });

  test("keeps a key that is written out in the list", () => {
    const key = "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQENB\n";
    const list = `Types: deb deb-src\nURIs: http://mirror.example/debian\nSuites: bookworm\nComponents: main\n${key}`;
    expect(backportsSource([list], "bookworm")).toContain(
      "-----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQENB\n",
    );
  });

  test("is on the mirror of a one-line list", () => {
    const list =
      "deb cdrom:[Debian 12]/ bookworm main\n# deb http://off.example bookworm main\n" +
      "deb-src http://source.example/debian bookworm main\n" +
      "deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main # ours\n";
    expect(backportsSource([list], "bookworm")).toBe(BACKPORTS("Signed-By: /k.gpg\n"));
    expect(backportsSource(["deb http://mirror.example/debian bookworm main"], "bookworm")).toBe(
      BACKPORTS(""),
    );
  });

  test("is none where no list has the release's main component", () => {
    expect(backportsSource(["deb http://x.example/ bookworm contrib\n"], "bookworm")).toBeUndefined();
    expect(backportsSource(["deb http://x.example/ trixie main\n"], "bookworm")).toBeUndefined();
    expect(
      backportsSource(["Enabled: no\nTypes: deb\nURIs: a\nSuites: b\nComponents: main"], "b"),
    ).toBeUndefined();
  });
});

test("ASCENT_STACKS narrows the stacks and refuses unknown ones", () => {
  expect(wantedStacks({})).toEqual(["dawn", "chromium", "firefox"]);
  expect(wantedStacks({ ASCENT_STACKS: "firefox, dawn" })).toEqual(["dawn", "firefox"]);
  expect(() => wantedStacks({ ASCENT_STACKS: "safari" })).toThrow(
    "safari is none of dawn, chromium, firefox",
  );
});
