import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The server under which the console is developed; the built one is served by the server itself.
const server = process.env.STOKER_URL ?? 'http://127.0.0.1:8080';
const proxied = [
  '/stoker',
  '/orchestration',
  '/processing',
  '/monitoring',
  '/account',
  '/security',
  '/openapi',
  '/tmc',
  '/downloads',
  '/health',
];

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: 'dist/files',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
    manifest: 'manifest.json',
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // What nearly every page needs comes in one file: browsers fetch six at a time.
            {
              name: 'base',
              test: /src[\\/](ui[\\/](parts|list|list-page|fields|found|executable|pickers|tabs|cut)|texts[\\/](?!tester|audit|permissions)|api[\\/](client|queries|pages|own)|lib[\\/](use-many|use-pages|address|field-of)|pages[\\/](engines|processing))|@tabler/,
              minShareCount: 2,
            },
          ],
        },
      },
    },
  },
  server: { proxy: Object.fromEntries(proxied.map((path) => [path, server])) },
});
