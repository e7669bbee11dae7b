package model

import (
	"encoding/binary"
	"iter"
	"math/bits"
)

// Set is a set of clients. It is a value: sets with the same members are ==, and changing one makes another. The first 64 clients cost no allocation.
type Set struct {
	low  uint64 // a bit for each of the clients 1 to 64
	high string // the others in ascending order, four bytes for each
}

const lowClients = 64

// Empty reports whether s has no members.
func (s Set) Empty() bool { return s == Set{} }

// Has reports whether c is a member.
func (s Set) Has(c Client) bool {
	if c <= lowClients {
		return c != 0 && s.low&bit(c) != 0
	}
	_, found := s.search(c)
	return found
}

// With returns the set with c as a member, which is not 0.
func (s Set) With(c Client) Set {
	if c <= lowClients {
		s.low |= bit(c)
		return s
	}
	if at, found := s.search(c); !found {
		s.high = s.high[:at] + string(binary.BigEndian.AppendUint32(nil, uint32(c))) + s.high[at:]
	}
	return s
}

// Without returns the set without c.
func (s Set) Without(c Client) Set {
	if c <= lowClients {
		s.low &^= bit(c)
		return s
	}
	if at, found := s.search(c); found {
		s.high = s.high[:at] + s.high[at+4:]
	}
	return s
}

// All returns the members in ascending order.
func (s Set) All() iter.Seq[Client] {
	return func(yield func(Client) bool) {
		for low := s.low; low != 0; low &= low - 1 {
			if !yield(Client(bits.TrailingZeros64(low) + 1)) {
				return
			}
		}
		for at := 0; at < len(s.high); at += 4 {
			if !yield(s.at(at)) {
				return
			}
		}
	}
}

func bit(c Client) uint64 { return 1 << (c - 1) }

func (s Set) at(i int) Client { return Client(binary.BigEndian.Uint32([]byte(s.high[i : i+4]))) }

// search returns where c is in s.high, or where it would have to be.
func (s Set) search(c Client) (at int, found bool) {
	for at < len(s.high) && s.at(at) < c {
		at += 4
	}
	return at, at < len(s.high) && s.at(at) == c
}
