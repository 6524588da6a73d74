/**
 * Pulumi mocks that refuse what the plain ones let pass: two resources of one URN, a child without a parent, a token
 * that the plugins do not have. What was registered is kept as it went over the wire, secrets still marked as such.
 */
import * as pulumi from "@pulumi/pulumi";
import { unpacked } from "./packed";

export interface Registered {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  /** Name of the parent; absent where it is the stack. */
  readonly parent?: string;
  /** Reference of the provider, its URN and id; absent where the engine chooses one. */
  readonly provider?: string;
  /** As sent to the engine: a secret is an object with Pulumi's signature around its value. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly protect: boolean;
  /** Name of the resource with which this one is gone anyway. */
  readonly deletedWith?: string;
  readonly deleteBeforeReplace: boolean;
  readonly replaceOnChanges: readonly string[];
  readonly additionalSecretOutputs: readonly string[];
  /** Names of the resources that this one waits for, direct ones of its own options included. */
  readonly dependsOn: readonly string[];
}

export interface StrictMocks {
  /** What a call of a provider function answers, by token. A token that is not named is refused. */
  readonly functions: Readonly<Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>>>;
  /** Tokens of the custom resources that may be registered. */
  readonly resources: readonly string[];
  /** What a plugin adds to a resource's inputs, by the resource's name. */
  readonly outputs?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** A preview, in which no id is known yet. */
  readonly preview?: boolean;
}

const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");

/** What a program did; fills while it runs. */
export interface Recording {
  readonly registered: Registered[];
  /** What the mocks refuse. Kept rather than thrown: Pulumi reports a failed registration to nobody who could catch it. */
  readonly refused: string[];
}

/** Installs the mocks for the program that runs next. */
export async function installStrictMocks(project: string, stack: string, mocks: StrictMocks): Promise<Recording> {
  const recording: Recording = { registered: [], refused: [] };
  await pulumi.runtime.setMocks(
    {
      newResource: ({ name, inputs }) => ({
        id: mocks.preview ? undefined : `${name}-id`,
        state: { ...inputs, ...mocks.outputs?.[name] },
      }),
      call: ({ token, inputs }) => {
        const answer = mocks.functions[token];
        if (answer === undefined) recording.refused.push(`${token}: no such function in the plugins`);
        return answer?.(inputs) ?? {};
      },
    },
    project,
    stack,
    mocks.preview ?? false,
  );
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource(request: WireRequest, callback: (error: Error | null, response: WireResponse) => void): unknown;
  };
  const plain = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) =>
    plain(request, (error, response) => {
      if (!error) {
        const resource = describe(request, response.getUrn());
        recording.refused.push(...refusals(resource, recording.registered, mocks));
        recording.registered.push(resource);
      }
      callback(error, response);
    });
  return recording;
}

interface WireRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getObject(): { toJavaScript(): Record<string, unknown> };
  getProvider(): string;
  getProtect(): boolean;
  getDeletedwith(): string;
  getDeletebeforereplace(): boolean;
  getReplaceonchangesList(): string[];
  getAdditionalsecretoutputsList(): string[];
  getDependenciesList(): string[];
}

interface WireResponse {
  getUrn(): string;
}

function describe(request: WireRequest, urn: string): Registered {
  const parent = request.getParent();
  return {
    urn,
    type: request.getType(),
    name: request.getName(),
    custom: request.getCustom(),
    ...(parent === "" || parent.includes("pulumi:pulumi:Stack") ? {} : { parent: nameOf(parent) }),
    ...(request.getProvider() === "" ? {} : { provider: request.getProvider() }),
    inputs: request.getObject().toJavaScript(),
    protect: request.getProtect(),
    ...(request.getDeletedwith() === "" ? {} : { deletedWith: nameOf(request.getDeletedwith()) }),
    deleteBeforeReplace: request.getDeletebeforereplace(),
    replaceOnChanges: request.getReplaceonchangesList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    dependsOn: request.getDependenciesList().map(nameOf).sort(),
  };
}

function refusals(resource: Registered, registered: readonly Registered[], mocks: StrictMocks): string[] {
  const { urn, type, name, custom, parent } = resource;
  return [
    ...(registered.some((other) => other.urn === urn) ? [`${urn}: registered twice`] : []),
    ...(custom && !mocks.resources.includes(type) ? [`${type} (${name}): no such resource in the plugins`] : []),
    ...(custom && parent === undefined ? [`${type} (${name}): has no parent`] : []),
    ...(parent !== undefined && !name.startsWith(`${parent}-`)
      ? [`${name}: a child of ${parent} is ${parent}-role`]
      : []),
  ];
}

/** Every string that lies in the open in a wire value: not below a secret, and base64 and gzip undone. */
export function openStrings(value: unknown): string[] {
  if (typeof value === "string") return [value, ...unpacked(value)];
  if (typeof value !== "object" || value === null) return [];
  if ((value as Record<string, unknown>)[signature] === secretSignature) return [];
  return Object.entries(value).flatMap(([key, child]) => [key, ...openStrings(child)]);
}

/** The value of a wire secret; throws where it is in the open. */
export function secretValue(value: unknown): unknown {
  const wrapper = value as Record<string, unknown> | undefined;
  if (wrapper?.[signature] !== secretSignature) throw new Error(`not a secret: ${JSON.stringify(value)?.slice(0, 80)}`);
  return wrapper.value;
}
