/** The prebuilt native files: one of each kind for every system. */

/** Folders of prebuilds/ have Node's names of platform and processor. `machine` is the processor in an ELF header. */
export const SYSTEMS = {
  'linux-x64': { processor: 'x86_64', machine: 62 },
  'linux-arm64': { processor: 'aarch64', machine: 183 },
};

export const SPAWNER = 'ensemble-spawner';

/** The name of the addon for a C library, which node-gyp-build finds by it. */
export const addonOf = (libc) => `flux_ensemble.${libc}.node`;

/** Names of the files of each system. */
export const NAMES = [addonOf('glibc'), addonOf('musl'), SPAWNER];
