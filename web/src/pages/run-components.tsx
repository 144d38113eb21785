/** What passed through the components of a job: rows, speed and time of each. */

import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { components } from '../api/work';
import { duration } from '../texts/time';
import { w } from '../texts/work';
import { Failure, isLost, Panel } from '../ui/parts';

const count = (value: number) => value.toLocaleString('en-GB');

/** The panel; absent for who may not see it. */
export function RunComponents({ id }: { id: string }) {
  const found = useQuery(components(id));
  if (isLost(found)) return <Failure error={found.error} retry={() => found.refetch()} />;
  const rows = found.data;
  if (!rows) return null;
  const most = Math.max(1, ...rows.map((row) => row.component_connection_rows_total ?? 0));
  return (
    <Panel title={w.run.components}>
      {rows.length === 0 ? (
        <Text className="muted">{w.run.noComponents}</Text>
      ) : (
        <div className="scroll-x">
          <table className="dates components">
            <thead>
              <tr>
                <th scope="col">{w.run.component}</th>
                <th scope="col" className="bar-cell">
                  {w.run.rows}
                </th>
                <th scope="col">{w.run.rate}</th>
                <th scope="col">{w.run.took}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => {
                const passed = row.component_connection_rows_total ?? 0;
                const ms = row.component_execution_duration_milliseconds ?? 0;
                const name = row.connector_label || row.connector_id;
                return (
                  <tr key={`${row.connector_id} ${row.target_label} ${row.component_start_time_seconds}`}>
                    <th scope="row">
                      {name}
                      {row.target_label && <span className="muted"> {w.run.into(row.target_label)}</span>}
                    </th>
                    <td className="bar-cell">
                      <span className="tone-busy meter" style={{ width: `${(passed / most) * 100}%` }} aria-hidden />
                      <span>{count(passed)}</span>
                    </td>
                    <td>{ms > 0 ? count(Math.round((passed / ms) * 1000)) : '–'}</td>
                    <td>{duration(ms)}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
