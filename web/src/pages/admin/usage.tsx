/** What the account uses. */

import { useQuery } from '@tanstack/react-query';
import { subscription } from '../../api/admin';
import { useMay } from '../../app/context';
import { a } from '../../texts/admin';
import { permissionName } from '../../texts/permissions';
import { Denied } from '../../ui/fields';
import { Facts, Failure, Head, Waiting } from '../../ui/parts';

interface Figures {
  startDate: string;
  licenseType: string;
  supportLevel: string;
  enginesStatus: { type?: string; consumed?: number }[];
  seats: { application?: string; currentUsers?: number }[];
}

function words(text: string): string {
  const known = a.usage.words[text.toLowerCase()];
  if (known) return known;
  const plain = text.replaceAll('_', ' ').toLowerCase();
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

export function Usage() {
  const may = useMay('TMC_SUBSCRIPTION_MANAGEMENT');
  const one = useQuery({ ...subscription(), enabled: may });
  const known = one.data as Figures | undefined;
  return (
    <div className="page">
      <Head title={a.usage.title} />
      {!may ? (
        <Denied what={a.usage.title} permission={permissionName('TMC_SUBSCRIPTION_MANAGEMENT')} />
      ) : !known ? (
        one.error ? (
          <Failure error={one.error} retry={() => one.refetch()} />
        ) : (
          <Waiting />
        )
      ) : (
        <>
          <p className="muted">{a.usage.hint}</p>
          <div className="columns cards">
            <section className="panel">
              <Facts
                rows={[
                  [a.usage.since, known.startDate],
                  [a.usage.kind, known.licenseType === 'SELF_HOSTED' ? a.usage.selfHosted : words(known.licenseType)],
                  [a.usage.support, words(known.supportLevel)],
                ]}
              />
            </section>
            <section className="panel">
              <h2>{a.usage.engines}</h2>
              <Facts rows={known.enginesStatus.map((kind) => [words(kind.type ?? ''), String(kind.consumed ?? 0)])} />
            </section>
            <section className="panel">
              <h2>{a.usage.seats}</h2>
              {known.seats.length === 0 && <p className="muted">{a.usage.none}</p>}
              <Facts
                rows={known.seats.map((seat) => [words(seat.application ?? ''), String(seat.currentUsers ?? 0)])}
              />
            </section>
          </div>
        </>
      )}
    </div>
  );
}
