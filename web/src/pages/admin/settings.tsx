/** How the installation is, and what can be set for it. */

import { Button } from '@mantine/core';
import { IconArrowBackUp, IconPencil } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { type Setting, type System, serverSettings, system, unsetSetting } from '../../api/settings';
import { useMay } from '../../app/context';
import { size } from '../../texts/infra';
import { permissionName } from '../../texts/permissions';
import { groupsOf, s, settingText, valueText } from '../../texts/settings';
import { Denied } from '../../ui/fields';
import { Badge, Facts, Failure, Head, isLost, Moment, Notice, Panel, useNow, Waiting } from '../../ui/parts';
import { UndoableButton } from '../../ui/undo';
import { putBack, SettingForm } from './setting-form';

/** Less than this part of the disk is nearly nothing. */
const LOW = 0.05;

function SystemFacts({ known, now }: { known: System; now: number }) {
  const { database, disk, runs, engines } = known;
  const unknown = runs.unknown > 0 ? s.unknown(runs.unknown) : '';
  return (
    <>
      {disk && disk.freeBytes < disk.totalBytes * LOW && (
        <Notice tone="warn" title={s.diskLow}>
          {s.diskOf(size(disk.freeBytes), size(disk.totalBytes))}. {s.diskLowHint}
        </Notice>
      )}
      <div className="columns halves">
        <Panel title={s.system}>
          <Facts
            rows={[
              [s.version, known.version],
              [s.since, <Moment key="since" at={known.since} now={now} exact />],
              [
                s.url,
                <span key="url" className="mono">
                  {known.publicUrl}
                </span>,
              ],
              ...(known.listen
                ? [
                    [
                      s.listen,
                      <span key="listen" className="mono">
                        {known.listen}
                      </span>,
                    ] as [string, React.ReactNode],
                  ]
                : []),
              [s.database, s.databaseOf(database.kind, size(database.bytes))],
              [
                s.schema,
                <span key="schema" className="mono">
                  {database.schema}
                </span>,
              ],
              [s.disk, disk ? s.diskOf(size(disk.freeBytes), size(disk.totalBytes)) : '–'],
            ]}
          />
        </Panel>
        <Panel title={s.work}>
          <Facts
            rows={[
              [s.waiting, String(runs.waiting)],
              [s.running, `${runs.running}${unknown}`],
              [s.available, String(engines.available)],
              [s.silent, String(engines.silent)],
              [s.unpaired, String(engines.unpaired)],
              [s.logs, valueText(known.keepLogsDays, settingText('keepLogsDays', ''))],
            ]}
          />
        </Panel>
      </div>
    </>
  );
}

/** Where a value comes from, where that is not the default. */
function Origin({ setting, now }: { setting: Setting; now: number }) {
  const { from, version, changedAt, changedBy = '' } = setting;
  if (from === 'file') return <Badge tone="idle">{setting.changeable ? s.fixed : s.fileOnly}</Badge>;
  if (!setting.changeable) return <Badge tone="idle">{s.fileOnly}</Badge>;
  if (version === 0) return null;
  return (
    <span className="muted">
      {from === 'set' ? s.changed(changedBy) : s.reset(changedBy)}, <Moment at={changedAt} now={now} />
    </span>
  );
}

function SettingRow({ setting, now, edit }: { setting: Setting; now: number; edit: () => void }) {
  const queries = useQueryClient();
  const text = settingText(setting.name, setting.meaning);
  const open = setting.changeable && setting.from !== 'file';
  const reset = useRef<Setting>(undefined);
  const fresh = () => queries.invalidateQueries({ queryKey: ['settings'] });
  const before = useRef(setting);
  const act = async () => {
    before.current = setting;
    reset.current = await unsetSetting(setting.name, setting.version);
    await fresh();
  };
  const back = async () => {
    if (reset.current) await putBack(before.current, reset.current);
    await fresh();
  };
  const cure = setting.from === 'file' && setting.changeable ? s.fixedHint : s.fileOnlyHint;
  return (
    <li className="setting" data-setting={setting.name}>
      <div>
        <strong>{text.label}</strong>
        <p className="muted">
          {text.hint} {!open && cure}
        </p>
      </div>
      <div className="setting-value">
        <strong>{valueText(setting.value, text)}</strong>
        {setting.from !== 'default' && <span className="muted">{s.default(valueText(setting.default, text))}</span>}
        <Origin setting={setting} now={now} />
      </div>
      <div className="setting-acts">
        {open && (
          <Button
            variant="default"
            leftSection={<IconPencil size={16} aria-hidden />}
            aria-label={s.changeOf(text.label)}
            onClick={edit}
          >
            {s.change}
          </Button>
        )}
        {open && setting.from === 'set' && (
          <UndoableButton
            label={s.back}
            named={s.backOf(text.label)}
            done={s.wasSet(text.label, valueText(setting.default, text))}
            act={act}
            back={back}
            icon={<IconArrowBackUp size={16} aria-hidden />}
          />
        )}
      </div>
    </li>
  );
}

function All({ list, now }: { list: Setting[]; now: number }) {
  const [edited, setEdited] = useState<string>();
  const chosen = list.find((one) => one.name === edited);
  return (
    <>
      {groupsOf(list.map((one) => one.group)).map(([group, head]) => (
        <Panel key={group} title={head} wide>
          <ul className="settings">
            {list
              .filter((one) => one.group === group)
              .map((one) => (
                <SettingRow key={one.name} setting={one} now={now} edit={() => setEdited(one.name)} />
              ))}
          </ul>
        </Panel>
      ))}
      {chosen && <SettingForm key={chosen.name} setting={chosen} close={() => setEdited(undefined)} />}
    </>
  );
}

export function SettingsPage() {
  const may = useMay('TMC_USER_MANAGEMENT');
  const now = useNow(10_000);
  const list = useQuery({ ...serverSettings(), enabled: may });
  const facts = useQuery({ ...system(), enabled: may });
  if (!may) {
    return (
      <div className="page">
        <Head title={s.title} />
        <Denied what={s.title} permission={permissionName('TMC_USER_MANAGEMENT')} />
      </div>
    );
  }
  return (
    <div className="page">
      <Head title={s.title} />
      {isLost(facts) ? (
        <Failure error={facts.error} retry={() => facts.refetch()} />
      ) : facts.data ? (
        <SystemFacts known={facts.data} now={now} />
      ) : (
        <Waiting />
      )}
      <p className="muted">{s.hint}</p>
      {isLost(list) ? (
        <Failure error={list.error} retry={() => list.refetch()} />
      ) : list.data ? (
        <All list={list.data} now={now} />
      ) : (
        <Waiting />
      )}
    </div>
  );
}
