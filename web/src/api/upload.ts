/** Sending large files: it tells how much of them is sent, and can be given up. */

import { answer, heard, NO_ANSWER, Problem, spoken } from './client';

/** What is sent. */
export interface Upload {
  method: 'POST' | 'PUT';
  path: string;
  body: Blob | FormData;
  /** Of a body that does not say it itself. */
  type?: string;
}

/** Where one hears how it goes, and gives it up. */
export interface Way {
  /** Hears the share that is sent, from 0 to 1. */
  progress: (share: number) => void;
  signal: AbortSignal;
}

/** Sends it and reads the answer; throws a {@link Problem} like every call, also when it was given up. */
export async function upload<T>(wish: Upload, { progress, signal }: Way): Promise<T> {
  const response = await new Promise<Response>((done, fail) => {
    // `fetch` does not tell how much of a body is sent.
    const request = new XMLHttpRequest();
    request.open(wish.method, wish.path);
    if (wish.type) request.setRequestHeader('content-type', wish.type);
    for (const [name, value] of spoken()) request.setRequestHeader(name, value);
    request.upload.addEventListener('progress', ({ loaded, total }) => total > 0 && progress(loaded / total));
    request.addEventListener('load', () => {
      const headers = { 'x-request-id': request.getResponseHeader('x-request-id') ?? '' };
      // The answer of 204 must not have a body, not even an empty one.
      done(new Response(request.responseText || null, { status: request.status, headers }));
    });
    request.addEventListener('error', () => fail(new Problem(0, NO_ANSWER)));
    request.addEventListener('abort', () => fail(new Problem(0, 'The upload was given up.')));
    signal.addEventListener('abort', () => request.abort());
    request.send(wish.body);
  });
  return answer<T>(heard(response), 'json');
}
