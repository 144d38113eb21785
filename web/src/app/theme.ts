/** The look in one file: colours, sizes, type. Everything else names these tokens. */

import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

/** Steel: the colour of the machine. Ember, the accent, stands only in the mark and beside what is live. */
const steel: MantineColorsTuple = [
  '#eef5fa',
  '#dce8f1',
  '#b7d0e2',
  '#8fb6d3',
  '#6ca0c6',
  '#4f8ab5',
  '#35719d',
  '#285d85',
  '#1f4a6b',
  '#173850',
];

const ink: MantineColorsTuple = [
  '#e8ebee',
  '#cdd3d9',
  '#a9b2bb',
  '#8d98a3',
  '#5d6873',
  '#3a444e',
  '#2a333c',
  '#1e262d',
  '#171d23',
  '#10151a',
];

export const theme = createTheme({
  primaryColor: 'steel',
  primaryShade: { light: 7, dark: 6 },
  colors: { steel, dark: ink },
  fontFamily: 'Inter, "Segoe UI", Roboto, "Helvetica Neue", Cantarell, "Noto Sans", sans-serif',
  fontFamilyMonospace: '"JetBrains Mono", "Cascadia Mono", "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  headings: {
    fontWeight: '620',
    sizes: { h1: { fontSize: '1.375rem' }, h2: { fontSize: '1rem' }, h3: { fontSize: '0.9375rem' } },
  },
  defaultRadius: 'sm',
  respectReducedMotion: true,
  cursorType: 'pointer',
  components: {
    Button: { defaultProps: { size: 'xs', fz: 'md', fw: 560 } },
    TextInput: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { size: 'sm', checkIconPosition: 'right', allowDeselect: false } },
    // A list that is closed is not drawn: pages have many fields, and each list many entries.
    Combobox: { defaultProps: { keepMounted: false } },
    Modal: { defaultProps: { centered: true } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 300 } },
  },
});

/**
 * `line` parts things; `edge` is the outline of what is filled in, three times as light or dark as its ground. Colours of
 * states follow Okabe and Ito, so that they differ for every kind of colour vision.
 */
const LIGHT = {
  canvas: '#f5f7f9',
  surface: '#ffffff',
  raised: '#eef2f5',
  line: '#d8dfe5',
  edge: '#8996a2',
  text: '#17202a',
  muted: '#4d5a66',
  link: '#1f4a6b',
  good: '#00624a',
  'good-bg': '#dcf2ea',
  bad: '#9c3100',
  'bad-bg': '#fde6da',
  warn: '#725000',
  'warn-bg': '#fbefcc',
  busy: '#00508a',
  'busy-bg': '#dcedfa',
  wait: '#6a3d77',
  'wait-bg': '#f3e6f6',
  idle: '#4d5a66',
  'idle-bg': '#e8ecef',
  mark: '#ffe08a',
  ember: '#c76a00',
};

const DARK: typeof LIGHT = {
  canvas: '#10151a',
  surface: '#171d23',
  raised: '#1e262d',
  line: '#2e3841',
  edge: '#66727d',
  text: '#e8ebee',
  muted: '#a9b2bb',
  link: '#8fc1e6',
  good: '#5fd3ab',
  'good-bg': '#12332a',
  bad: '#ff9d70',
  'bad-bg': '#40200f',
  warn: '#f0c75e',
  'warn-bg': '#382c0d',
  busy: '#7cc0f4',
  'busy-bg': '#122e45',
  wait: '#d9a5e6',
  'wait-bg': '#34203b',
  idle: '#a9b2bb',
  'idle-bg': '#252e36',
  mark: '#6b5510',
  ember: '#f2a33a',
};

function prefixed(tokens: typeof LIGHT): Record<string, string> {
  return Object.fromEntries(Object.entries(tokens).map(([name, value]) => [`--s-${name}`, value]));
}

/** Gives the tokens to style sheets as `--s-…`, and to Mantine where it has words of its own for them. */
export const variables: CSSVariablesResolver = () => ({
  variables: { '--s-row': '2.25rem', '--s-gap': '1rem' },
  light: {
    ...prefixed(LIGHT),
    '--mantine-color-body': LIGHT.canvas,
    '--mantine-color-text': LIGHT.text,
    '--mantine-color-dimmed': LIGHT.muted,
    '--mantine-color-anchor': LIGHT.link,
    '--mantine-color-error': LIGHT.bad,
    '--mantine-color-placeholder': '#5d6873',
    '--mantine-color-default-border': LIGHT.line,
  },
  dark: {
    ...prefixed(DARK),
    '--mantine-color-body': DARK.canvas,
    '--mantine-color-text': DARK.text,
    '--mantine-color-dimmed': DARK.muted,
    '--mantine-color-anchor': DARK.link,
    '--mantine-color-error': DARK.bad,
    '--mantine-color-placeholder': '#9aa4ae',
    '--mantine-color-default-border': DARK.line,
    '--mantine-color-default': DARK.raised,
  },
});
