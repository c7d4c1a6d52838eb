/** The discovery of groups, versions and resources, which clients request first. */

const group = {
  name: 'flux-framework.org',
  versions: [{ groupVersion: 'flux-framework.org/v1alpha2', version: 'v1alpha2' }],
  preferredVersion: { groupVersion: 'flux-framework.org/v1alpha2', version: 'v1alpha2' },
};

const miniclusters = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: 'flux-framework.org/v1alpha2',
  resources: [
    {
      name: 'miniclusters',
      singularName: 'minicluster',
      namespaced: true,
      kind: 'MiniCluster',
      verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
    },
    {
      name: 'miniclusters/scale',
      singularName: '',
      namespaced: true,
      group: 'autoscaling',
      version: 'v1',
      kind: 'Scale',
      verbs: ['get', 'patch', 'update'],
    },
    {
      name: 'miniclusters/status',
      singularName: '',
      namespaced: true,
      kind: 'MiniCluster',
      verbs: ['get', 'patch'],
    },
  ],
};

const namespaces = {
  name: 'namespaces',
  singularName: 'namespace',
  namespaced: false,
  kind: 'Namespace',
  verbs: ['get'],
};

/** kubectl looks for the namespace of what it did not find. */
function namespace(pathname: string): object | null {
  const name = /^\/api\/v1\/namespaces\/(default|lab|other)$/.exec(pathname)?.[1];
  return name === undefined ? null : { kind: 'Namespace', apiVersion: 'v1', metadata: { name } };
}

/** The answer to a path of the discovery, or null for any other. */
export function discovery(pathname: string, withoutMiniClusters: boolean): object | null {
  switch (pathname) {
    case '/version':
      return { major: '1', minor: '32', gitVersion: 'v1.32.0-stand-in', platform: 'linux/amd64' };
    case '/api':
      return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
    case '/api/v1':
      return { kind: 'APIResourceList', groupVersion: 'v1', resources: [namespaces] };
    case '/apis':
      return { kind: 'APIGroupList', apiVersion: 'v1', groups: withoutMiniClusters ? [] : [group] };
    case '/apis/flux-framework.org/v1alpha2':
      return withoutMiniClusters ? null : miniclusters;
    default:
      return namespace(pathname);
  }
}
