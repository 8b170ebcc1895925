/** Debian's packages: what the tests need and a fresh machine lacks. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const APT = "/etc/apt";

/** True where this process may install packages. */
export function canInstall(): boolean {
  return process.platform === "linux" && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
}

/** Installs packages by name; false where apt-get fails, having printed why. */
export function install(packages: readonly string[], options: readonly string[] = []): boolean {
  return apt([...options, "install", "-y", "-qq", "--no-install-recommends", ...packages]);
}

export function refreshLists(options: readonly string[] = []): boolean {
  return apt([...options, "update", "-qq"]);
}

/**
 * Installs packages from the release's backports. The source is added for this call alone: the
 * machine's own list stays as it is.
 */
export function installFromBackports(packages: readonly string[]): boolean {
  const codename = releaseName();
  const source = backportsSource(aptSources(), codename);
  if (!source) return false;
  const folder = mkdtempSync(join(tmpdir(), "ascent-apt-"));
  try {
    cpSync(join(APT, "sources.list.d"), folder, { recursive: true });
    writeFileSync(join(folder, "ascent-backports.sources"), source);
    const options = ["-o", `Dir::Etc::sourceparts=${folder}`];
    return refreshLists(options) && install(packages, [...options, "-t", `${codename}-backports`]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Upstream version that apt would install: 25 of `25.0.7-2~bpo12+1`; 0 where there is none. */
export function candidateVersion(name: string): number {
  const { stdout } = spawnSync("apt-cache", ["policy", name], { encoding: "utf8" });
  return Number(/Candidate: (?:\d+:)?(\d+)/.exec(stdout ?? "")?.[1] ?? 0);
}

/** `bookworm` */
function releaseName(): string {
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  return /^VERSION_CODENAME=(\w+)/m.exec(release)?.[1] ?? "";
}

function aptSources(): string[] {
  const folder = join(APT, "sources.list.d");
  const parts = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return [join(APT, "sources.list"), ...parts]
    .filter((path) => existsSync(path) && /\.(list|sources)$/.test(path))
    .map((path) => readFileSync(path, "utf8"));
}

interface AptEntry {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
  readonly signedBy: string | undefined;
}

/**
 * The deb822 source of a release's backports, on the mirror and with the key that the machine's own
 * lists name for the release; undefined where they name none.
 *
 * @param files contents of the machine's source lists, one-line or deb822 (sources.list(5))
 */
export function backportsSource(files: readonly string[], codename: string): string | undefined {
  const entries = files.flatMap((text) => (/^\s*URIs:/m.test(text) ? deb822(text) : oneLine(text)));
  const release = entries.find(
    ({ uri, suites, components }) =>
      suites.includes(codename) && components.includes("main") && !uri.startsWith("cdrom:"),
  );
  if (!release) return undefined;
  const lines = [
    "Types: deb",
    `URIs: ${release.uri}`,
    `Suites: ${codename}-backports`,
    "Components: main",
    // A key written out stands on lines of its own.
    ...(release.signedBy
      ? [`Signed-By:${release.signedBy.includes("\n") ? "\n " : " "}${release.signedBy}`]
      : []),
  ];
  return `${lines.join("\n")}\n`;
}

function deb822(text: string): AptEntry[] {
  const stanzas = text.replace(/^#.*\n?/gm, "").split(/\n\s*\n/);
  return stanzas.flatMap((stanza) => {
    const field = (name: string) =>
      new RegExp(`^${name}:\\s*(.*(?:\\n[ \\t].*)*)`, "mi").exec(stanza)?.[1]?.trim();
    const words = (name: string) => field(name)?.split(/\s+/) ?? [];
    const [uri] = words("URIs");
    if (!uri || !words("Types").includes("deb") || field("Enabled") === "no") return [];
    return [{ uri, suites: words("Suites"), components: words("Components"), signedBy: field("Signed-By") }];
  });
}

function oneLine(text: string): AptEntry[] {
  return text.split("\n").flatMap((line) => {
    const [, options = "", uri, suite, components] =
      /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line) ?? [];
    if (!uri || !suite || !components) return [];
    const signedBy = /signed-by=(\S+)/.exec(options)?.[1];
    return [{ uri, suites: [suite], components: components.trim().split(/\s+/), signedBy }];
  });
}

function apt(options: readonly string[]): boolean {
  console.log(`provision: apt-get ${options.join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { status } = spawnSync("apt-get", options, { env, stdio: ["ignore", "ignore", "inherit"] });
  return status === 0;
}
