/** What the account `verify` can do on a router: ask FRR its questions, and nothing else. With the real sudo and sh. */
import { routerQuestions, verifyAccount, verifyCommand } from "../../render/verify-account";
import { examplePlan, exampleHost } from "../support/example-host";
import { hostname } from "node:os";
import { runWithFiles } from "../support/root-process";

jest.setTimeout(60_000);

const questions = Object.values(routerQuestions(examplePlan().bgp));

/** vtysh that tells how it was called. */
const vtysh = { path: "/usr/bin/vtysh", mode: "0755", content: '#!/bin/sh\necho "$(id -un)|$*"\n' };

/** Runs a line on bgp1 as the account; sshd hands over what was asked for as this variable. */
const asVerify = (line: string, asked = "") =>
  runWithFiles(
    [
      ...exampleHost("bgp1").content.files.filter(({ owner }) => owner === "root:root"),
      { path: "/etc/hosts", content: `127.0.0.1 localhost ${hostname()}\n` },
      vtysh,
    ],
    [
      "sh",
      "-c",
      `useradd ${verifyAccount} && exec runuser -u ${verifyAccount} -- env SSH_ORIGINAL_COMMAND="$1" sh -c "$2"`,
      "sh",
      asked,
      line,
    ],
  );

test.each(questions)("may ask: %s", async (question) => {
  const { code, stdout, stderr } = await asVerify(verifyCommand, question);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `root|-c ${question}\n`, stderr: "" });
});

test.each(["show running-config", "configure terminal", "", `${questions[0]}; id`, "show bgp *", `${questions[0]} `])(
  "may not ask: %s",
  async (question) => {
    const { code, stdout, stderr } = await asVerify(verifyCommand, question);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("verify may ask: show bgp ipv4 unicast summary json");
  },
);

test.each([
  "sudo -n id",
  "sudo -n vtysh",
  "sudo -n vtysh -c 'show running-config'",
  "sudo -n vtysh -c 'show ip route json' -c 'configure'",
])("may not run as root: %s", async (line) => {
  const { code, stdout } = await asVerify(line);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
});

test("its key is bound: on a router to that command, on the jump host to none, and elsewhere there is no such account", () => {
  const keys = (name: string) =>
    exampleHost(name).content.files.find(({ path }) => path === `/etc/ssh/authorized_keys.d/${verifyAccount}`)?.content;
  expect(keys("bgp1")).toMatch(/^restrict,command="\/usr\/local\/lib\/site\/verify-router" ssh-ed25519 \S+ verify\n$/);
  expect(keys("jump")).toMatch(/^restrict,port-forwarding,command="\/bin\/false" ssh-ed25519 \S+ verify\n$/);
  for (const name of ["auth", "capi"]) expect(keys(name)).toBeUndefined();
});
