/** Every place of administration with what it is for; those that cannot be used say what they need. */

import { Link } from '@tanstack/react-router';
import { usePlaces } from '../../app/nav-admin';
import { a } from '../../texts/admin';
import { permissionName } from '../../texts/permissions';
import { Head } from '../../ui/parts';

export function Administration() {
  const places = usePlaces();
  return (
    <div className="page">
      <Head title={a.index.title} />
      <div className="places">
        {places.map(({ to, key, icon: Icon, needs, may }) =>
          may ? (
            <Link key={to} to={to} className="panel">
              <strong>
                <Icon size={18} stroke={1.7} aria-hidden />
                {a.nav[key]}
              </strong>
              {a.index.hints[key]}
            </Link>
          ) : (
            <div key={to} className="panel muted">
              <strong style={{ color: 'inherit' }}>
                <Icon size={18} stroke={1.7} aria-hidden />
                {a.nav[key]}
              </strong>
              {a.index.hints[key]} {a.index.needs(needs.map(permissionName).join('" or "'))}
            </div>
          ),
        )}
      </div>
    </div>
  );
}
