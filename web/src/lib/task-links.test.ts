import { describe, expect, it } from 'vitest';
import { isLink, wantedConnections, wantedResources } from './task-links';

describe('what a job asks for', () => {
  const declared = ['connection_oracle_host', 'connection_oracle_user_name', 'connection_my_ftp_url', 'times'];

  it('is one connection for all parameters of a stem', () => {
    expect(wantedConnections(declared, {})).toEqual([
      { key: 'my_ftp', fills: ['connection_my_ftp_url'] },
      { key: 'oracle', fills: ['connection_oracle_host', 'connection_oracle_user_name'] },
    ]);
  });

  it('keeps the keys that the task has', () => {
    expect(wantedConnections(declared, { connection_oracle: 'c1', old: 'c2' })).toEqual([
      { key: 'connection_oracle', fills: ['connection_oracle_host', 'connection_oracle_user_name'] },
      { key: 'my_ftp', fills: ['connection_my_ftp_url'] },
      { key: 'old', fills: [] },
    ]);
  });

  it('is a file or a folder for each path', () => {
    expect(wantedResources(['resource_file_in', 'resource_directory_out', 'resource_file_'], { in: 'r1' })).toEqual([
      { key: 'in', fills: ['resource_file_in'], file: true },
      { key: 'resource_directory_out', fills: ['resource_directory_out'], file: false },
    ]);
  });

  it('leaves other parameters to be typed', () => {
    expect([...declared, 'resource_flow_temp_folder'].filter((name) => !isLink(name))).toEqual([
      'times',
      'resource_flow_temp_folder',
    ]);
  });
});
