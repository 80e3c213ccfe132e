package endpoints

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// The form of its lines is described in generate/table.py.
//
//go:embed table.txt
var text string

// noHost stands where a service's client has no host of its own.
const noHost = "-"

// maxName bounds the names that are looked up: the longest has 35 bytes.
const maxName = 64

type tables struct {
	source    string
	regions   []Region
	services  []*entry
	byName    map[string]*entry   // by name, then by [key] of name, id and aliases
	ambiguous map[string][]string // by [key]
	byRegion  map[string]Region
	resolved  memo
}

// An entry is a service and the lines about it.
type entry struct {
	Service
	lines string
}

var table = sync.OnceValue(parse)

// parse reads what stands on service lines and before them; the other lines
// wait until [entry.hosts] asks for them. The text is ours, so it is not
// checked: TestTable reads all of it.
func parse() *tables {
	t := &tables{
		services:  make([]*entry, 0, 512),
		byName:    make(map[string]*entry, 2048),
		ambiguous: map[string][]string{},
		byRegion:  map[string]Region{},
	}
	head, rest, _ := strings.Cut(text, "\nservice ")
	for line := range strings.Lines(head) {
		t.header(strings.Fields(line))
	}
	for block := range strings.SplitSeq(rest, "\nservice ") {
		title, lines, _ := strings.Cut(block, "\n")
		name, id, _ := strings.Cut(title, " = ")
		e := &entry{Service{Name: name, ID: id}, lines}
		if aka, ok := strings.CutPrefix(lines, "  aka "); ok {
			aka, e.lines, _ = strings.Cut(aka, "\n")
			e.Aliases = strings.Fields(aka)
		}
		t.services = append(t.services, e)
	}
	t.index()
	return t
}

func (t *tables) header(words []string) {
	switch words[0] {
	case "source":
		t.source = strings.Join(words[1:], " ")
	case "ambiguous":
		t.ambiguous[key(words[1])] = words[2:]
	case "partition":
		for _, name := range words[4:] {
			r := Region{Name: name, Partition: words[1], Suffix: words[2], dual: words[3]}
			t.regions = append(t.regions, r)
			t.byRegion[name] = r
		}
	}
}

// index fills byName so that a name beats an id, and an id an alias.
func (t *tables) index() {
	for _, e := range t.services {
		for _, alias := range e.Aliases {
			t.byName[key(alias)] = e
		}
	}
	for _, e := range t.services {
		if k := key(e.ID); t.ambiguous[k] == nil {
			t.byName[k] = e
		}
	}
	for _, e := range t.services {
		t.byName[key(e.Name)] = e
		t.byName[e.Name] = e
	}
}

// key is the form in which names are compared; generate/names.py has the same.
func key(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '-' || r == '_':
			return -1
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return r
	}, name)
}

func (t *tables) lookup(name string) (*entry, error) {
	if e := t.byName[name]; e != nil {
		return e, nil
	}
	if len(name) > maxName {
		return nil, &UnknownServiceError{Name: name}
	}
	k := key(name)
	if e := t.byName[k]; e != nil {
		return e, nil
	}
	if names := t.ambiguous[k]; names != nil {
		return nil, &UnknownServiceError{Name: name, Candidates: slices.Clone(names)}
	}
	return nil, &UnknownServiceError{Name: name, Nearest: t.nearestService(k)}
}

func (t *tables) region(name string) (Region, error) {
	if r, ok := t.byRegion[name]; ok {
		return r, nil
	}
	return Region{}, &UnknownRegionError{Region: name, Nearest: t.nearestRegion(name)}
}

// A memo keeps what was resolved. A cluster uses few services in few regions;
// whatever the input, it holds at most maxResolved.
type memo struct {
	mu        sync.RWMutex
	endpoints map[memoKey]Endpoint
}

const maxResolved = 1024

type memoKey struct {
	service string
	Params
}

func (m *memo) get(service string, p Params) (Endpoint, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	e, ok := m.endpoints[memoKey{service, p}]
	e.Hosts = slices.Clone(e.Hosts)
	return e, ok
}

func (m *memo) put(service string, p Params, e Endpoint) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.endpoints == nil || len(m.endpoints) >= maxResolved {
		m.endpoints = map[memoKey]Endpoint{}
	}
	m.endpoints[memoKey{service, p}] = e
}
