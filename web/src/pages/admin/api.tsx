/** The API: its address, a first call, and every document to read and try. */

import { Link } from '@tanstack/react-router';
import { usePublicUrl } from '../../app/context';
import { a } from '../../texts/admin';
import { Code, Head } from '../../ui/parts';

export function ApiReference() {
  const base = usePublicUrl();
  return (
    <div className="page">
      <Head title={a.api.title} />
      <div className="columns halves">
        <section className="panel">
          <h2>{a.api.base}</h2>
          <Code text={base} what={a.api.base.toLowerCase()} />
        </section>
        <section className="panel">
          <h2>{a.api.example}</h2>
          <Code text={`curl -H 'Authorization: Bearer TOKEN' ${base}/account/me`} what={a.api.example.toLowerCase()} />
          <p>
            <Link to="/profile">{a.api.token}</Link>
          </p>
        </section>
      </div>
      <section className="panel">
        <h2>{a.api.documents}</h2>
        <p className="muted">{a.api.hint}</p>
        <ul className="rows">
          {Object.entries(a.api.list).map(([name, [title, hint]]) => (
            <li key={name}>
              <span className="grow">
                <a href={`/openapi/${name}`}>{title}</a>
                <span className="muted"> · {hint}</span>
              </span>
              <a href={`/openapi/${name}.json`} title={`${a.api.json}: ${title}`} className="mono">
                {name}.json
              </a>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}
