import { parseAptSources, renderAptSources } from "../../lab/apt-sources";

const deb822 = `Types: deb
# a comment
URIs: http://archive.example/debian/
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb-src
URIs: http://archive.example/debian
Suites: bookworm
Components: main

Types: deb
Enabled: no
URIs: http://disabled.example/debian
Suites: bookworm
Components: main
`;

test("both formats are read, and only the distribution's own suites are kept", () => {
  const files = {
    "/etc/apt/sources.list.d/debian.sources": deb822,
    "/etc/apt/sources.list":
      "# deb http://old.example/debian bookworm main\ndeb [arch=amd64] http://security.example/debian-security bookworm-security main contrib\n",
    "/etc/apt/sources.list.d/other.list":
      "deb http://packages.example/node nodistro main\ndeb http://archive.example/debian bookworm-backports main\n",
  };
  expect(parseAptSources(files, "bookworm")).toEqual([
    { uri: "http://archive.example/debian", suite: "bookworm", components: ["main"] },
    { uri: "http://archive.example/debian", suite: "bookworm-updates", components: ["main"] },
    { uri: "http://security.example/debian-security", suite: "bookworm-security", components: ["main", "contrib"] },
  ]);
});

test("another release's suites are none of ours", () => {
  expect(parseAptSources({ "x.sources": deb822 }, "trixie")).toEqual([]);
});

test("what is rendered trusts the distribution's key and nothing else", () => {
  const text = renderAptSources([{ uri: "http://archive.example/debian", suite: "bookworm", components: ["main"] }]);
  expect(text).toMatch(
    /^deb \[signed-by=\S*debian-archive-keyring\.gpg\] http:\/\/archive\.example\/debian bookworm main\n$/,
  );
  expect(parseAptSources({ "sources.list": text }, "bookworm")).toHaveLength(1);
});
