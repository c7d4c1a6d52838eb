/** deploy/kubernetes: whether it is what Kubernetes understands, and gives the service what it needs and no more. */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dumpYaml, loadYaml } from '@kubernetes/client-node';
import { Deployment } from 'kubernetes-models/apps/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { Role, RoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1';
import { Service, ServiceAccount } from 'kubernetes-models/v1';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { startCommand } from '../../src/cli/server-start.js';
import { root } from '../support/cli.js';
import { runs, service } from './stand-in/cluster.js';

const folder = join(root, 'deploy/kubernetes');
const kinds = { Deployment, NetworkPolicy, Role, RoleBinding, Service, ServiceAccount };

interface Manifest {
  readonly apiVersion: string;
  readonly kind: keyof typeof kinds;
  readonly metadata: { readonly name: string };
}

/** The documents of YAML files that are objects of Kubernetes. */
function readManifests(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Manifest;
  });
}

const files = readdirSync(folder).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml');
const manifests = files.flatMap((name) => readManifests(readFileSync(join(folder, name), 'utf8')));

function find<Kind extends keyof typeof kinds>(kind: Kind): InstanceType<(typeof kinds)[Kind]> {
  const found = manifests.filter((manifest) => manifest.kind === kind);
  expect(found).toHaveLength(1);
  return found[0] as unknown as InstanceType<(typeof kinds)[Kind]>;
}

/** Throws for what Kubernetes' own schema refuses; unknown fields are found by what a typed reader leaves out. */
function check(manifest: Manifest): void {
  const Kind = kinds[manifest.kind] as (new (data: never) => { validate(): void }) | undefined;
  if (Kind === undefined) throw new Error(`unknown kind ${manifest.kind}`);
  new Kind(manifest as never).validate();
  const typed = parseAllDocuments(dumpYaml(loadYaml(stringify(manifest))))[0]?.toJS();
  expect(typed).toEqual(manifest);
}

describe('schema', () => {
  test('contains one object of each required kind', () => {
    expect(manifests.map(({ kind }) => kind).sort()).toEqual(Object.keys(kinds).sort());
  });

  test.each(manifests.map((manifest) => [manifest.kind, manifest] as const))(
    'validates %s',
    (_kind, manifest) => {
      check(manifest);
    },
  );

  test('detects misspelled fields and wrong types', () => {
    const deployment = find('Deployment');
    const broken = (change: (copy: { spec: Record<string, unknown> }) => void) => {
      const copy = structuredClone(deployment) as unknown as { spec: Record<string, unknown> } & Manifest;
      change(copy);
      return () => check(copy);
    };
    expect(broken(() => {})).not.toThrow();
    expect(broken(({ spec }) => Object.assign(spec, { replcas: 1 }))).toThrow();
    expect(broken(({ spec }) => Object.assign(spec, { replicas: '1' }))).toThrow();
    expect(broken(({ spec }) => delete spec.template)).toThrow();
  });

  test.skipIf(!runs('kubectl', 'version', '--client'))('kustomize builds the manifests', () => {
    const text = execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8', stdio: 'pipe' });
    const built = readManifests(text);
    expect(built.map(({ kind }) => kind).sort()).toEqual(Object.keys(kinds).sort());
    for (const manifest of built) check(manifest);
  });
});

describe('the permissions of the service', () => {
  test('are only the verbs that it uses, on MiniClusters of its namespace', () => {
    expect(find('Role').rules).toEqual([
      { apiGroups: ['flux-framework.org'], resources: ['miniclusters'], verbs: service.verbs },
    ]);
  });

  test('belong to the account of the pod, which alone has a token', () => {
    const account = find('ServiceAccount');
    const { subjects, roleRef } = find('RoleBinding');
    expect(subjects).toEqual([{ kind: 'ServiceAccount', name: account.metadata?.name }]);
    expect(roleRef).toMatchObject({ kind: 'Role', name: find('Role').metadata?.name });
    expect(account.automountServiceAccountToken).toBe(false);
    const pod = find('Deployment').spec?.template.spec;
    expect(pod).toMatchObject({
      serviceAccountName: account.metadata?.name,
      automountServiceAccountToken: true,
    });
  });

  test('exclude further rights in containers', () => {
    const pod = find('Deployment').spec?.template.spec;
    expect(pod?.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    const containers = [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])];
    expect(containers).toHaveLength(2);
    for (const container of containers) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.resources?.limits?.memory).toBeDefined();
      const volumes = pod?.volumes?.map(({ name }) => name);
      for (const { name } of container.volumeMounts ?? []) expect(volumes).toContain(name);
    }
  });
});

describe('references between the manifests', () => {
  const template = find('Deployment').spec?.template;
  const container = template?.spec?.containers[0];
  const labels = template?.metadata?.labels;

  test('match labels and port names', () => {
    expect(find('Deployment').spec?.selector.matchLabels).toEqual(labels);
    expect(find('Service').spec?.selector).toEqual(labels);
    expect(find('NetworkPolicy').spec?.podSelector?.matchLabels).toEqual(labels);
    const port = container?.ports?.[0];
    expect(find('Service').spec?.ports?.[0]).toMatchObject({
      port: port?.containerPort,
      targetPort: port?.name,
    });
    expect(find('NetworkPolicy').spec?.ingress?.[0]?.ports).toEqual([{ port: port?.name }]);
    expect(container?.args).toContain(`--port=${port?.containerPort}`);
  });

  test('match the options of ensemble-server start', () => {
    const [command, ...options] = container?.args ?? [];
    expect(command).toBe('start');
    const known = startCommand().options.map(({ long }) => long);
    expect(options.length).toBeGreaterThan(3);
    for (const option of options) expect(known).toContain(option.replace(/=.*/, ''));
    expect(options).not.toContain('--insecure');
  });
});

test('the README explains each code of an answer', () => {
  const source = readFileSync(join(root, 'src/service/operator/refusal.ts'), 'utf8');
  const type = /type RefusalCode =(.*?';)/s.exec(source)?.[1] ?? '';
  const codes = [...type.matchAll(/\| '(\w+)'/g)].map(([, code]) => code);
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  const listed = [...readme.matchAll(/^\| `(\w+)` \| (?:ERROR|DENIED) \|/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(5);
  expect(listed.sort()).toEqual(codes.sort());
});
