import { LabIcon } from '@jupyterlab/ui-components';

const svg = (path: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24"><path class="jp-icon3 jp-icon-selectable" fill="#616161" d="${path}"/></svg>`;

export const sideBarIcon = new LabIcon({
  name: 'lyceum:side-bar',
  svgstr: svg('M3 5h6l2 2h10v12H3zm2 4v8h14V9z')
});
export const versionIcon = new LabIcon({
  name: 'lyceum:version',
  svgstr: svg('M12 3a9 9 0 1 0 9 9h-2a7 7 0 1 1-2.1-5H14v2h6V3h-2v2.3A9 9 0 0 0 12 3m-1 4v6l5 3 1-1.7-4-2.3V7z')
});
export const chartIcon = new LabIcon({
  name: 'lyceum:chart',
  svgstr: svg('M4 4h2v14h14v2H4zm4 10 4-5 3 3 4-6 1.6 1.2-5.4 8-3.1-3.1-2.6 3.2z')
});
export const dataIcon = new LabIcon({
  name: 'lyceum:data',
  svgstr: svg('M12 3c4.4 0 8 1.3 8 3v12c0 1.7-3.6 3-8 3s-8-1.3-8-3V6c0-1.7 3.6-3 8-3m6 5.3A16 16 0 0 1 12 9.3a16 16 0 0 1-6-1V12c.7.5 3 1.2 6 1.2s5.300-.7 6-1.200zM12 5c-3.600 0-6 .9-6 1.100S8.400 7.300 12 7.300s6-1 6-1.200S15.600 5 12 5m6 9.200a16 16 0 0 1-6 1 16 16 0 0 1-6-1V18c.3.400 2.600 1 6 1s5.700-.600 6-1z')
});
export const copyPathIcon = new LabIcon({
  name: 'lyceum:copy-path',
  svgstr: svg('M8 3h11v14H8zm2 2v10h7V5zM5 7v14h11v-2H7V7z')
});
export const switchIcon = new LabIcon({
  name: 'lyceum:switch',
  svgstr: svg('M7 4 3 8l4 4V9h10V7H7zm10 8v3H7v2h10v3l4-4z')
});
