package services

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const shardID = "shardId-000000000000" // every stream has one shard

// kinesis holds streams by name, whatever the region.
type kinesis struct {
	account string

	mu      sync.Mutex
	streams map[string][]kinesisRecord
}

type kinesisRecord struct {
	SequenceNumber              string
	Data                        []byte
	PartitionKey                string
	ApproximateArrivalTimestamp float64 // seconds since 1970
}

// NewKinesis makes a Kinesis without streams.
func NewKinesis(account string) http.Handler {
	k := &kinesis{account: account, streams: map[string][]kinesisRecord{}}
	return service{
		"CreateStream":     call(k.createStream),
		"PutRecord":        call(k.putRecord),
		"GetShardIterator": call(k.getShardIterator),
		"GetRecords":       call(k.getRecords),
	}
}

// A streamRef names a stream in either way.
type streamRef struct {
	StreamName string
	StreamARN  string
}

// find gives the name and the records of a stream. The lock is held.
func (k *kinesis) find(ref streamRef) (string, []kinesisRecord, error) {
	name := ref.StreamName
	if name == "" {
		name = ref.StreamARN[strings.LastIndex(ref.StreamARN, "/")+1:]
	}
	records, ok := k.streams[name]
	if !ok {
		return "", nil, &apiError{"ResourceNotFoundException", fmt.Sprintf("Stream %s under account %s not found.", name, k.account)}
	}
	return name, records, nil
}

func (k *kinesis) createStream(_ context.Context, _ string, in streamRef) (none, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.streams[in.StreamName]; ok {
		return none{}, &apiError{"ResourceInUseException", "Stream " + in.StreamName + " already exists."}
	}
	k.streams[in.StreamName] = []kinesisRecord{}
	return none{}, nil
}

type putRecord struct {
	streamRef
	Data         []byte
	PartitionKey string
}

type putRecordOutput struct {
	SequenceNumber string
	ShardID        string `json:"ShardId"`
}

func (k *kinesis) putRecord(_ context.Context, _ string, in putRecord) (putRecordOutput, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	name, records, err := k.find(in.streamRef)
	if err != nil {
		return putRecordOutput{}, err
	}
	number := strconv.Itoa(len(records))
	at := float64(time.Now().UnixMilli()) / 1000
	k.streams[name] = append(records, kinesisRecord{number, in.Data, in.PartitionKey, at})
	return putRecordOutput{number, shardID}, nil
}

type getShardIterator struct {
	streamRef
	ShardIteratorType      string
	StartingSequenceNumber string
}

type shardIterator struct{ ShardIterator string }

func (k *kinesis) getShardIterator(_ context.Context, _ string, in getShardIterator) (shardIterator, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	name, records, err := k.find(in.streamRef)
	if err != nil {
		return shardIterator{}, err
	}
	number, _ := strconv.Atoi(in.StartingSequenceNumber)
	position, ok := map[string]int{
		"TRIM_HORIZON": 0, "LATEST": len(records), "AT_SEQUENCE_NUMBER": number, "AFTER_SEQUENCE_NUMBER": number + 1,
	}[in.ShardIteratorType]
	if !ok {
		return shardIterator{}, &apiError{"InvalidArgumentException", fmt.Sprintf("no shard iterator type %q here", in.ShardIteratorType)}
	}
	return shardIterator{iterator(name, position)}, nil
}

func iterator(stream string, position int) string { return fmt.Sprintf("%d/%s", position, stream) }

type getRecords struct {
	ShardIterator string
	Limit         int
}

type getRecordsOutput struct {
	Records            []kinesisRecord
	NextShardIterator  string
	MillisBehindLatest int
}

func (k *kinesis) getRecords(_ context.Context, _ string, in getRecords) (getRecordsOutput, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	at, stream, _ := strings.Cut(in.ShardIterator, "/")
	name, records, err := k.find(streamRef{StreamName: stream})
	if err != nil {
		return getRecordsOutput{}, err
	}
	from, err := strconv.Atoi(at)
	if err != nil || from < 0 {
		return getRecordsOutput{}, &apiError{"InvalidArgumentException", "Invalid ShardIterator."}
	}
	records = records[min(from, len(records)):]
	if in.Limit > 0 {
		records = records[:min(in.Limit, len(records))]
	}
	return getRecordsOutput{Records: records, NextShardIterator: iterator(name, from+len(records))}, nil
}
