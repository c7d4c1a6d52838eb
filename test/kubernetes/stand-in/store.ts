/**
 * The objects of a stand-in for the Kubernetes API: MiniClusters with resourceVersions, changed by merge patches
 * (RFC 7396), with a history that watches are served from. Knows no HTTP.
 */

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace: string;
    resourceVersion: string;
    uid: string;
    generation: number;
    creationTimestamp: string;
    [key: string]: unknown;
  };
  spec: { size?: number; minSize?: number; maxSize?: number; [key: string]: unknown };
  status?: { size?: number; maximumSize?: number; selector?: string; [key: string]: unknown };
}

/** The required fields of a new object; the store sets the others. */
export interface NewObject {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec?: KubeObject['spec'];
  readonly status?: NonNullable<KubeObject['status']>;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

/** An unsuccessful answer: an HTTP status, and the reason of Kubernetes. */
export class StatusError extends Error {
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

const INT32 = 2 ** 31 - 1;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** RFC 7396. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Refuses objects that violate the CustomResourceDefinition's schema. */
function validate({ metadata, spec }: KubeObject): void {
  for (const field of ['size', 'minSize', 'maxSize']) {
    const value = spec[field];
    if (value === undefined || (Number.isInteger(value) && (value as number) <= INT32)) continue;
    throw new StatusError(
      422,
      'Invalid',
      `MiniCluster.flux-framework.org "${metadata.name}" is invalid: spec.${field}: Invalid value: ${JSON.stringify(value)}`,
    );
  }
}

export class Store {
  readonly #objects = new Map<string, KubeObject>();
  readonly #history: { readonly version: number; readonly event: WatchEvent }[] = [];
  readonly #watchers = new Set<(event: WatchEvent) => void>();
  #version = 100;
  /** Versions up to this one are forgotten: a watch from them is answered with 410. */
  #compacted = 0;

  get version(): string {
    return String(this.#version);
  }

  create(object: NewObject): KubeObject {
    const { name, namespace } = object.metadata;
    if (this.#objects.has(`${namespace}/${name}`)) {
      throw new StatusError(409, 'AlreadyExists', `miniclusters.flux-framework.org "${name}" already exists`);
    }
    const created: KubeObject = {
      ...object,
      apiVersion: 'flux-framework.org/v1alpha2',
      kind: 'MiniCluster',
      metadata: {
        ...object.metadata,
        resourceVersion: '',
        uid: `00000000-0000-4000-8000-${String(this.#version).padStart(12, '0')}`,
        generation: 1,
        creationTimestamp: new Date().toISOString(),
      },
      spec: { size: 1, ...object.spec },
    };
    validate(created);
    return this.#put('ADDED', created);
  }

  get(namespace: string, name: string): KubeObject {
    const object = this.#objects.get(`${namespace}/${name}`);
    if (object !== undefined) return object;
    throw new StatusError(404, 'NotFound', `miniclusters.flux-framework.org "${name}" not found`);
  }

  /** Those of one namespace, or of all. */
  list(namespace: string | null): KubeObject[] {
    return [...this.#objects.values()].filter(
      ({ metadata }) => namespace === null || metadata.namespace === namespace,
    );
  }

  /** Changes an object, or its status alone. A resourceVersion in the patch must be that of the object. */
  patch(namespace: string, name: string, patch: unknown, part: 'object' | 'status' = 'object'): KubeObject {
    const before = this.get(namespace, name);
    const wanted = isObject(patch) && isObject(patch.metadata) ? patch.metadata.resourceVersion : undefined;
    if (wanted !== undefined && wanted !== before.metadata.resourceVersion) {
      throw new StatusError(
        409,
        'Conflict',
        `Operation cannot be fulfilled on miniclusters.flux-framework.org "${name}": the object has been modified; ` +
          'please apply your changes to the latest version and try again',
      );
    }
    const patched = mergePatch(before, patch) as KubeObject;
    const after: KubeObject = {
      ...before,
      ...(part === 'status' ? { status: patched.status ?? {} } : { spec: patched.spec ?? {} }),
      metadata: { ...patched.metadata, ...immutable(before) },
    };
    validate(after);
    if (same(before, after)) return before;
    if (!same(before.spec, after.spec)) after.metadata.generation = before.metadata.generation + 1;
    return this.#put('MODIFIED', after);
  }

  delete(namespace: string, name: string): KubeObject {
    const object = this.get(namespace, name);
    this.#objects.delete(`${namespace}/${name}`);
    return this.#tell({ type: 'DELETED', object: this.#versioned(object) });
  }

  /** Returns the events since a version; null for a version that is too old. */
  since(version: number): WatchEvent[] | null {
    if (version < this.#compacted) return null;
    return this.#history.filter((entry) => entry.version > version).map(({ event }) => event);
  }

  /** Forgets the history so far. */
  compact(): void {
    this.#compacted = this.#version;
    this.#history.length = 0;
  }

  /** Calls for every change from now on; returns what ends that. */
  watch(watcher: (event: WatchEvent) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #put(type: WatchEvent['type'], object: KubeObject): KubeObject {
    const versioned = this.#versioned(object);
    this.#objects.set(`${versioned.metadata.namespace}/${versioned.metadata.name}`, versioned);
    return this.#tell({ type, object: versioned });
  }

  #versioned(object: KubeObject): KubeObject {
    this.#version++;
    return { ...object, metadata: { ...object.metadata, resourceVersion: this.version } };
  }

  #tell(event: WatchEvent): KubeObject {
    this.#history.push({ version: this.#version, event });
    for (const watcher of this.#watchers) watcher(event);
    return event.object;
  }
}

function immutable({ metadata }: KubeObject): KubeObject['metadata'] {
  const { name, namespace, uid, generation, creationTimestamp, resourceVersion } = metadata;
  return { name, namespace, uid, generation, creationTimestamp, resourceVersion };
}
