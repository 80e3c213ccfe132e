package egress

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// annotationUnusedSince holds the time, in RFC 3339, at which the last pod that
// needed an object left. It is on the object so that a restart does not lose it.
const annotationUnusedSince = "aws-mesh/unused-since"

// An observation is all that decide looks at.
type observation struct {
	egress  Egress
	live    []*unstructured.Unstructured // our objects of the namespace
	claims  map[string][]claim           // by the name of our objects
	refused map[ref]attempt              // what somebody else changed back at once
}

// An attempt is a write: the fingerprints of what was there after it, and of what was
// desired.
type attempt struct{ got, want string }

// limits bound what is kept.
type limits struct {
	retention time.Duration // of what nobody needs
	hosts     int           // of a namespace, unused ones included
}

// changes are what decide wants done, in this order.
type changes struct {
	apply  []*unstructured.Unstructured // desired objects
	unmark []*unstructured.Unstructured // live objects that are needed again
	mark   []*unstructured.Unstructured // live objects that nobody needs from now on
	delete []*unstructured.Unstructured // live objects, ServiceEntries first

	left []string      // hosts that are left to the user's objects
	next time.Duration // until the earliest expiry; 0: none
}

// none reports whether all is as it should be.
func (c changes) none() bool { return len(c.apply)+len(c.unmark)+len(c.mark)+len(c.delete) == 0 }

type ref struct{ kind, name string }

func refTo(u *unstructured.Unstructured) ref { return ref{u.GetKind(), u.GetName()} }

// decide compares an observation with what should be.
//
// An object of another namespace is no user's object here; see [Egress.own].
//
//	host        | user's object    | our object          | then
//	------------+------------------+---------------------+---------------------------
//	needed      | none             | none, or differs    | apply (unless that was refused a moment ago)
//	needed      | none             | same                | nothing
//	needed      | none             | marked unused       | unmark
//	needed      | none             | of a kind too many  | delete (its mode changed)
//	needed      | VirtualService   | VirtualService      | delete ours; the others stay
//	needed      | SE, DR, or has   | none                | stand back
//	            | our object's name| any                 | stand back and delete
//	not needed  | none             | not marked          | mark unused since now
//	not needed  | none             | marked              | nothing until it expires
//	not needed  | none             | expired, or too many| delete
//	not needed  | SE, DR           | any                 | delete
func decide(o observation, now time.Time, l limits) changes {
	var c changes
	desired, needed := o.desired(&c)
	live := map[ref]*unstructured.Unstructured{}
	for _, u := range o.live {
		live[refTo(u)] = u
	}
	for _, u := range desired {
		is, exists := live[refTo(u)]
		withhold(u, is)
		if !exists || o.differs(is, u) {
			c.apply = append(c.apply, u)
		}
		if exists && is.GetAnnotations()[annotationUnusedSince] != "" {
			c.unmark = append(c.unmark, is)
		}
		delete(live, refTo(u))
	}
	var unused []*unstructured.Unstructured
	for _, u := range o.live {
		switch _, left := live[refTo(u)]; {
		case !left:
		case needed[u.GetName()] || blocked(o.claims[u.GetName()]):
			c.delete = append(c.delete, u)
		default:
			unused = append(unused, u)
		}
	}
	c.retain(unused, now, l.retention, l.hosts-len(o.egress.Hosts))
	slices.SortStableFunc(c.delete, func(a, b *unstructured.Unstructured) int {
		return slices.Index(kinds(), b.GetKind()) - slices.Index(kinds(), a.GetKind())
	})
	return c
}

// differs reports whether live is worth another write.
func (o observation) differs(live, desired *unstructured.Unstructured) bool {
	a := attempt{got: fingerprint(live), want: fingerprint(desired)}
	return a.got != a.want && o.refused[refTo(live)] != a
}

// desired returns the objects that should be, and the names of all that pods need. It
// notes which hosts are left to the user.
func (o observation) desired(c *changes) (objects []*unstructured.Unstructured, needed map[string]bool) {
	needed = map[string]bool{}
	for _, l := range o.egress.legs() {
		name := Name(l.host)
		needed[name] = true
		claims := o.claims[name]
		switch {
		case blocked(claims):
			c.left = append(c.left, l.host)
			continue
		case blocked(o.claims[Name(l.of)]):
			continue
		}
		for _, u := range l.objects(o.egress.Namespace) {
			if u.GetKind() != virtualService || !slices.ContainsFunc(claims, func(c claim) bool { return c.own }) {
				objects = append(objects, u)
			}
		}
	}
	return objects, needed
}

// retain keeps what nobody needs for the retention, the youngest first while there is
// room for their hosts.
func (c *changes) retain(unused []*unstructured.Unstructured, now time.Time, retention time.Duration, room int) {
	since := map[string]time.Time{} // by name: the objects of a host leave together
	for _, u := range unused {
		t, ok := unusedSince(u, now)
		if !ok {
			t = now
		}
		if old, seen := since[u.GetName()]; !seen || t.Before(old) {
			since[u.GetName()] = t
		}
	}
	slices.SortStableFunc(unused, func(a, b *unstructured.Unstructured) int {
		return since[b.GetName()].Compare(since[a.GetName()])
	})
	kept := map[string]bool{}
	for _, u := range unused {
		left := retention - now.Sub(since[u.GetName()])
		if left <= 0 || !kept[u.GetName()] && len(kept) >= room {
			c.delete = append(c.delete, u)
			continue
		}
		kept[u.GetName()] = true
		if _, ok := unusedSince(u, now); !ok {
			c.mark = append(c.mark, u)
		}
		if c.next == 0 || left < c.next {
			c.next = left
		}
	}
}

// unusedSince reads the mark of u. One that cannot be read, or lies ahead, is none.
func unusedSince(u *unstructured.Unstructured, now time.Time) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, u.GetAnnotations()[annotationUnusedSince])
	return t, err == nil && !t.After(now)
}
