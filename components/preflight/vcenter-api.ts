/**
 * A client of vCenter's VI JSON API, as much of it as preflight asks. The API is vSphere's SOAP API in JSON and came
 * with vCenter 8.0 update 1: https://developer.broadcom.com/xapis/virtual-infrastructure-json-api/latest/
 */
import type * as http from "node:http";
import * as https from "node:https";
import type { Site } from "../../config/site";
import { PinnedAgent, UntrustedCertificate, VcenterUnreachable } from "./vcenter-tls";

/** First release with the JSON API; newer servers answer for it too. */
const release = "8.0.1.0";

/** A managed object reference: vSphere's name for a thing in the inventory. */
export interface Reference {
  readonly type: string;
  readonly value: string;
}

/** vCenter answered, with a fault of its own. */
export class VcenterFault extends Error {
  constructor(
    /** vSphere's name of the fault, e.g. `InvalidLogin`, `NoPermission`; empty where the answer was none of vSphere's. */
    readonly fault: string,
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

type Json = Readonly<Record<string, unknown>>;

export interface ServiceContent {
  readonly about: { readonly fullName: string; readonly apiVersion: string };
  readonly rootFolder: Reference;
  readonly sessionManager: Reference;
  readonly searchIndex: Reference;
  readonly authorizationManager: Reference;
  readonly taskManager: Reference;
}

export class VcenterApi {
  private session: string | undefined;

  private constructor(
    private readonly server: { readonly host: string; readonly port: number },
    private readonly agent: PinnedAgent,
  ) {}

  /** Connects, with no credentials yet. Errors: UntrustedCertificate, VcenterUnreachable, VcenterFault. */
  static async connect(vcenter: Pick<Site["vcenter"], "server" | "tls">): Promise<{
    readonly api: VcenterApi;
    readonly content: ServiceContent;
    /** SHA-256 of vCenter's certificate, upper case, colons between bytes. */
    readonly thumbprint: string;
  }> {
    const agent = new PinnedAgent(vcenter.tls);
    const api = new VcenterApi(hostAndPort(vcenter.server), agent);
    try {
      const serviceInstance = { type: "ServiceInstance", value: "ServiceInstance" };
      const content = await api.invoke<ServiceContent>(serviceInstance, "RetrieveServiceContent", {});
      // There was an answer, so there was an accepted certificate.
      return { api, content, thumbprint: agent.fingerprint! };
    } catch (error) {
      api.agent.destroy();
      throw error;
    }
  }

  /** Resolves to the account's name as vCenter writes it, e.g. `SITE\\pulumi`. */
  async login(manager: Reference, userName: string, password: string): Promise<string> {
    const session = await this.invoke<{ readonly userName: string }>(manager, "Login", { userName, password });
    return session.userName;
  }

  /** Ends the session, if there is one, and every connection. What goes wrong then no longer matters to anyone. */
  async close(manager: Reference): Promise<void> {
    try {
      if (this.session !== undefined) {
        await this.invoke(manager, "Logout", {});
      }
    } catch {
      // vCenter ends an idle session by itself.
    } finally {
      this.agent.destroy();
    }
  }

  property<T>(object: Reference, name: string): Promise<T> {
    return this.request<T>("GET", `${object.type}/${object.value}/${name}`);
  }

  invoke<T>(object: Reference, method: string, body: Json): Promise<T> {
    return this.request<T>("POST", `${object.type}/${object.value}/${method}`, body);
  }

  private request<T>(method: "GET" | "POST", path: string, body?: Json): Promise<T> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    return new Promise<T>((resolve, reject) => {
      const fail = (error: Error) =>
        reject(
          error instanceof VcenterFault || error instanceof UntrustedCertificate
            ? error
            : new VcenterUnreachable(error),
        );
      const request = https.request(
        {
          method,
          host: this.server.host,
          port: this.server.port,
          path: `/sdk/vim25/${release}/${path}`,
          agent: this.agent,
          timeout: 30_000,
          headers: {
            accept: "application/json",
            ...(payload === undefined
              ? {}
              : { "content-type": "application/json", "content-length": Buffer.byteLength(payload) }),
            ...(this.session === undefined ? {} : { "vmware-api-session-id": this.session }),
          },
        },
        (response) => {
          this.session = headerText(response.headers["vmware-api-session-id"]) ?? this.session;
          readAnswer<T>(response, path).then(resolve, fail);
        },
      );
      request.once("timeout", () => request.destroy(new Error(`no answer to ${path} within 30 s`)));
      // Node's agent reports a connection that was refused more than once to requests that queue for it.
      request.on("error", fail);
      request.end(payload);
    });
  }
}

/** `vcenter`, `vcenter:8443`; 443 where none is named, as the provider plugin has it. */
export function hostAndPort(server: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(`https://${server}`);
  return { host: hostname, port: port === "" ? 443 : Number(port) };
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

async function readAnswer<T>(response: http.IncomingMessage, path: string): Promise<T> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  const status = response.statusCode ?? 0;
  const answer = text === "" ? undefined : parse(text, status, path);
  if (status < 200 || status > 299) {
    const fault = (answer ?? {}) as { readonly _typeName?: string; readonly faultMessage?: unknown };
    throw new VcenterFault(fault._typeName ?? "", status, `${path}: HTTP ${status} ${fault._typeName ?? ""}`.trim());
  }
  return answer as T;
}

function parse(text: string, status: number, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new VcenterFault("", status, `${path}: HTTP ${status}, and the answer is no JSON`);
  }
}
