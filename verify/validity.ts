/** Certificates that are shown to others, and for how long they still hold. */
import * as tls from "node:tls";
import { findingOf, type Finding } from "./check";

const day = 86_400_000;

/** Somebody has two weeks to act; what lives shorter renews itself at a third, so a sixth left means that it did not. */
const leastRemaining = (lifetime: number): number => Math.min(14 * day, lifetime / 6);

const days = (milliseconds: number): string =>
  milliseconds < 2 * day ? `${Math.floor(milliseconds / 3_600_000)} hours` : `${Math.floor(milliseconds / day)} days`;

export interface Validity {
  readonly subject: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** What is left of a certificate. */
export function judgeValidity({ subject, notBefore, notAfter }: Validity, now: Date): Finding {
  const left = notAfter.getTime() - now.getTime();
  const until = notAfter.toISOString().slice(0, 16);
  return findingOf(`${subject}: ${days(left)} left, until ${until}`, [
    notBefore > now && `${subject}: begins only at ${notBefore.toISOString()}`,
    left < 0 && `${subject}: expired at ${until}`,
    left >= 0 &&
      left < leastRemaining(notAfter.getTime() - notBefore.getTime()) &&
      `${subject}: only ${days(left)} left, until ${until}`,
  ]);
}

/** Whose certificate, and by what it is known: a CA, a fingerprint (SHA-256, colons), or the machine's own trust. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** Name that the certificate must hold; default: the host. */
  readonly name?: string;
  readonly ca?: string;
  readonly thumbprint?: string;
}

/** The certificate that a server shows. Throws where nobody should trust it. */
export function shownCertificate({ host, port, name = host, ca, thumbprint }: Endpoint): Promise<Validity> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      host,
      port,
      ca,
      timeout: 10_000,
      // An address is no server name (RFC 6066 §3), but is checked against the certificate all the same.
      ...(/^[\d.]+$/.test(name) ? {} : { servername: name }),
      checkServerIdentity: (_, certificate) =>
        thumbprint === undefined ? tls.checkServerIdentity(name, certificate) : undefined,
      rejectUnauthorized: thumbprint === undefined,
    });
    socket.once("secureConnect", () => {
      const { subject, valid_from, valid_to, fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      if (thumbprint !== undefined && fingerprint256 !== thumbprint)
        return reject(new Error(`shows ${fingerprint256}, pinned is ${thumbprint}`));
      resolve({ subject: subject?.CN ?? name, notBefore: new Date(valid_from), notAfter: new Date(valid_to) });
    });
    socket.once("timeout", () => socket.destroy(new Error(`no answer from ${host}:${port} within 10 s`)));
    socket.once("error", reject);
  });
}
