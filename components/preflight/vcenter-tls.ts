/** TLS to vCenter by the site file's pin alone, and whether the provider plugin, which knows no pin, would trust it too. */
import * as fs from "node:fs";
import * as https from "node:https";
import * as net from "node:net";
import * as path from "node:path";
import * as tls from "node:tls";
import type { Site } from "../../config/site";

type Pin = Site["vcenter"]["tls"];

/** The server answered with a certificate that the pin, or the operating system, does not accept. */
export class UntrustedCertificate extends Error {
  constructor(
    readonly reason: string,
    /** SHA-256 fingerprint of the certificate that was shown. */
    readonly fingerprint: string,
    readonly issuer: string,
  ) {
    super(`${reason}; it showed ${fingerprint}, issued by ${issuer}`);
  }
}

/** No answer came: the network, the name, or a program there that is no vCenter. */
export class VcenterUnreachable extends Error {
  constructor(reason: unknown) {
    super(messageOf(reason));
  }
}

function messageOf(reason: unknown): string {
  // Node puts the addresses that it tried into an AggregateError without a message of its own.
  if (reason instanceof AggregateError) {
    return reason.errors.map(messageOf).join(", ");
  }
  return reason instanceof Error ? reason.message : String(reason);
}

/** An HTTPS agent whose every connection is checked against the pin before a byte of a request is sent. */
export class PinnedAgent extends https.Agent {
  /** SHA-256 fingerprint of the certificate that was accepted; undefined before the first connection. */
  fingerprint?: string;

  constructor(private readonly pin: Pin) {
    super({ keepAlive: true, maxSockets: 4 });
  }

  override createConnection(
    options: https.RequestOptions,
    callback?: (error: Error | null, socket: net.Socket) => void,
  ): undefined {
    // Node's type for the callback wants a socket even with an error; the runtime does not.
    const done = callback as (error: Error | null, socket?: net.Socket) => void;
    const host = options.host ?? "";
    connectTls({ host, port: Number(options.port ?? 443), ca: this.pin.caCertificate }).then(
      (socket) => {
        const fault = pinFault(socket, host, this.pin);
        if (fault === undefined) {
          this.fingerprint = seen(socket).fingerprint;
          done(null, socket);
        } else {
          socket.destroy();
          done(fault);
        }
      },
      (error: Error) => done(error),
    );
    return undefined;
  }
}

/**
 * Whether the Go program that talks to vCenter will trust it: it reads the operating system's store and nothing else.
 * Resolves to the fault, to `undefined` where there is none, and to `unknown` on systems whose store is not files.
 */
export async function operatingSystemFault(
  host: string,
  port: number,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<UntrustedCertificate | "unknown" | undefined> {
  if (process.platform !== "linux") {
    return "unknown";
  }
  const socket = await connectTls({ host, port, ca: operatingSystemRoots(environment) });
  const fault = authorityFault(socket, host, "the operating system's certificate store does not vouch for it");
  socket.destroy();
  return fault;
}

/** Verdicts are ours to give: a refused handshake would hide the certificate that explains it. */
function connectTls(options: { host: string; port: number; ca?: string | string[] }): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      host: options.host,
      port: options.port,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      ...(net.isIP(options.host) === 0 ? { servername: options.host } : {}),
      rejectUnauthorized: false,
      minVersion: "TLSv1.2",
      timeout: 15_000,
    });
    socket.once("secureConnect", () => {
      socket.setTimeout(0);
      resolve(socket);
    });
    socket.once("timeout", () => socket.destroy(new Error("no answer within 15 s")));
    socket.once("error", (error) => reject(new VcenterUnreachable(error)));
  });
}

function pinFault(socket: tls.TLSSocket, host: string, pin: Pin): UntrustedCertificate | undefined {
  if (pin.thumbprint === undefined) {
    return authorityFault(socket, host, "caCertificate did not sign it");
  }
  return seen(socket).fingerprint === pin.thumbprint
    ? undefined
    : untrusted(socket, `its fingerprint is not the pinned ${pin.thumbprint}`);
}

function authorityFault(socket: tls.TLSSocket, host: string, rule: string): UntrustedCertificate | undefined {
  if (!socket.authorized) {
    return untrusted(socket, `${rule} (${String(socket.authorizationError)})`);
  }
  const certificate = socket.getPeerCertificate();
  // Node falls back to the common name where there are no alternative names; Go, and so the plugin, does not.
  const identityFault = certificate.subjectaltname
    ? tls.checkServerIdentity(host, certificate)
    : new Error("it has no subject alternative names");
  return identityFault === undefined ? undefined : untrusted(socket, identityFault.message);
}

function untrusted(socket: tls.TLSSocket, reason: string): UntrustedCertificate {
  const { fingerprint, issuer } = seen(socket);
  return new UntrustedCertificate(reason, fingerprint, issuer);
}

function seen(socket: tls.TLSSocket): { readonly fingerprint: string; readonly issuer: string } {
  const certificate = socket.getPeerCertificate();
  return { fingerprint: certificate.fingerprint256, issuer: Object.values(certificate.issuer ?? {}).join(", ") };
}

/** Go's order on Linux (crypto/x509/root_linux.go, root_unix.go): the first file that exists, and every directory. */
const bundleFiles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];
const bundleDirectories = ["/etc/ssl/certs", "/etc/pki/tls/certs"];

function operatingSystemRoots(environment: NodeJS.ProcessEnv): string[] {
  const files = environment.SSL_CERT_FILE ? [environment.SSL_CERT_FILE] : bundleFiles;
  const directories = environment.SSL_CERT_DIR ? environment.SSL_CERT_DIR.split(":") : bundleDirectories;
  const bundle = files.find((file) => fs.existsSync(file));
  const inDirectories = directories
    .filter((directory) => fs.existsSync(directory))
    .flatMap((directory) => fs.readdirSync(directory).map((name) => path.join(directory, name)))
    .filter((file) => file !== bundle && fs.statSync(file, { throwIfNoEntry: false })?.isFile());
  return [...(bundle === undefined ? [] : [bundle]), ...inDirectories]
    .map((file) => fs.readFileSync(file, "utf8"))
    .filter((text) => text.includes("BEGIN CERTIFICATE"));
}
