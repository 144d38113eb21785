import { MantineProvider } from '@mantine/core';
import { setNonce } from 'get-nonce';
import { StrictMode, startTransition } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app';
import './app/styles/mantine.css';
import './app/styles.css';
import { theme, variables } from './app/theme';

/** The policy of the page lets only styles in that carry this. */
const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? '';
setNonce(nonce);

const root = document.getElementById('root');
if (root) {
  const tree = (
    <StrictMode>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={variables}
        defaultColorScheme="auto"
        getStyleNonce={() => nonce}
      >
        <App />
      </MantineProvider>
    </StrictMode>
  );
  // As a transition, so that drawing it all gives way to whoever touches something meanwhile.
  startTransition(() => createRoot(root).render(tree));
}
