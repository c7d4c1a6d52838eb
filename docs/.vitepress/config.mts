/** The documentation site: `npm run docs` builds it into `dist-docs/`. It needs no other server while it is read. */

import { defineConfig } from 'vitepress';

const repository = 'https://github.com/flux-framework/flux-ensemble';

export default defineConfig({
  title: 'flux-ensemble',
  description: 'Run large sets of HPC jobs and steer them while they run.',
  outDir: '../dist-docs',
  cleanUrls: false,
  lastUpdated: false,
  markdown: {
    config: (markdown) => {
      markdown.set({ html: false });
      // The tags of the rule language, such as `{{id}}`, are text: Vue must not take them for expressions.
      for (const rule of ['text', 'code_inline'] as const) {
        const render = markdown.renderer.rules[rule];
        markdown.renderer.rules[rule] = (...args) => (render?.(...args) ?? '').replaceAll('{{', '&#123;&#123;');
      }
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Getting started', link: '/getting-started' },
      { text: 'Rules', link: '/rules' },
      // typedoc writes these pages after vitepress; they are not part of its router.
      { text: 'API', link: '/api/index.html', target: '_self' },
    ],
    sidebar: [
      {
        text: 'Using it',
        items: [
          { text: 'Getting started', link: '/getting-started' },
          { text: 'The command', link: '/command' },
          { text: 'Rules', link: '/rules' },
          { text: 'User code', link: '/user-code' },
          { text: 'Plugins', link: '/plugins' },
          { text: 'Runs and their jobs', link: '/runs' },
          { text: 'Resuming a run', link: '/resume' },
          { text: 'Notifications', link: '/notifications' },
          { text: 'Recordings and replay', link: '/recordings' },
          { text: 'Troubleshooting', link: '/troubleshooting' },
        ],
      },
      {
        text: 'Where jobs run',
        items: [
          { text: 'Flux', link: '/flux' },
          { text: 'Slurm', link: '/slurm' },
          { text: 'The service', link: '/service' },
          { text: 'The dashboard', link: '/dashboard' },
          { text: 'The HTTP API', link: '/http' },
          { text: 'Kubernetes', link: '/kubernetes' },
          { text: 'Containers', link: '/containers' },
        ],
      },
      {
        text: 'Programs and developers',
        items: [
          { text: 'Python', link: '/python' },
          { text: 'The library', link: '/library' },
          { text: 'Write a member', link: '/members' },
          { text: 'API reference', link: '/api/index.html', target: '_self' },
          { text: 'Architecture', link: '/architecture' },
          { text: 'Benchmarks', link: '/benchmarks' },
        ],
      },
    ],
    socialLinks: [{ icon: 'github', link: repository }],
  },
});
