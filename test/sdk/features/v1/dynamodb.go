package v1

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/service/dynamodb"

	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
)

type item = map[string]*dynamodb.AttributeValue

func text(s string) *dynamodb.AttributeValue { return &dynamodb.AttributeValue{S: new(s)} }

func key(customer, order string) item {
	return item{"customer": text(customer), "order": text(order)}
}

// A table is one of orders.
type table struct {
	*dynamodb.DynamoDB
	name *string
}

func openTable(ctx context.Context, in app.Input) (table, error) {
	sess, err := open(in)
	if err != nil {
		return table{}, err
	}
	t := table{dynamodb.New(sess), new(in.Name("orders"))}
	return t, t.create(ctx)
}

func (t table) create(ctx context.Context) error {
	_, err := t.CreateTableWithContext(ctx, &dynamodb.CreateTableInput{
		TableName: t.name, BillingMode: new(dynamodb.BillingModePayPerRequest),
		KeySchema: []*dynamodb.KeySchemaElement{
			{AttributeName: new("customer"), KeyType: new(dynamodb.KeyTypeHash)},
			{AttributeName: new("order"), KeyType: new(dynamodb.KeyTypeRange)},
		},
		AttributeDefinitions: []*dynamodb.AttributeDefinition{
			{AttributeName: new("customer"), AttributeType: new(dynamodb.ScalarAttributeTypeS)},
			{AttributeName: new("order"), AttributeType: new(dynamodb.ScalarAttributeTypeS)},
		},
	})
	if err != nil {
		return err
	}
	return t.WaitUntilTableExistsWithContext(ctx, &dynamodb.DescribeTableInput{TableName: t.name},
		request.WithWaiterDelay(request.ConstantWaiterDelay(50*time.Millisecond)))
}

func (t table) put(ctx context.Context, customer, order string) error {
	_, err := t.PutItemWithContext(ctx, &dynamodb.PutItemInput{TableName: t.name, Item: key(customer, order)})
	return err
}

// get returns how many items there are.
func (t table) get(ctx context.Context, customer, order string) (int, error) {
	out, err := t.GetItemWithContext(ctx, &dynamodb.GetItemInput{TableName: t.name, Key: key(customer, order)})
	if err != nil || out.Item == nil {
		return 0, err
	}
	return 1, nil
}

// Items creates a table and does to an item all that can be done.
func Items(ctx context.Context, in app.Input) (string, error) {
	t, err := openTable(ctx, in)
	if err != nil {
		return "", err
	}
	if err := t.put(ctx, "ann", "1"); err != nil {
		return "", err
	}
	got, err := t.get(ctx, "ann", "1")
	if err != nil {
		return "", err
	}
	updated, err := t.UpdateItemWithContext(ctx, &dynamodb.UpdateItemInput{
		TableName: t.name, Key: key("ann", "1"), UpdateExpression: new("SET price = :p"),
		ExpressionAttributeValues: item{":p": {N: new("7")}}, ReturnValues: new(dynamodb.ReturnValueAllNew),
	})
	if err != nil {
		return "", err
	}
	queried, err := t.QueryWithContext(ctx, &dynamodb.QueryInput{
		TableName: t.name, KeyConditionExpression: new("customer = :c"),
		ExpressionAttributeValues: item{":c": text("ann")},
	})
	if err != nil {
		return "", err
	}
	if _, err := t.DeleteItemWithContext(ctx, &dynamodb.DeleteItemInput{TableName: t.name, Key: key("ann", "1")}); err != nil {
		return "", err
	}
	left, err := t.get(ctx, "ann", "1")
	return fmt.Sprintf("got %d, updated %d attributes, queried %d, %d after the delete", got, len(updated.Attributes), *queried.Count, left), err
}

// Batch writes and gets several items at once.
func Batch(ctx context.Context, in app.Input) (string, error) {
	t, err := openTable(ctx, in)
	if err != nil {
		return "", err
	}
	var writes []*dynamodb.WriteRequest
	var keys []map[string]*dynamodb.AttributeValue
	for i := range 25 {
		keys = append(keys, key("bob", fmt.Sprint(i)))
		writes = append(writes, &dynamodb.WriteRequest{PutRequest: &dynamodb.PutRequest{Item: keys[i]}})
	}
	written, err := t.BatchWriteItemWithContext(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]*dynamodb.WriteRequest{*t.name: writes}})
	if err != nil {
		return "", err
	}
	got, err := t.BatchGetItemWithContext(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]*dynamodb.KeysAndAttributes{*t.name: {Keys: keys}}})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("wrote %d, got %d", len(writes)-len(written.UnprocessedItems[*t.name]), len(got.Responses[*t.name])), nil
}

// Put creates a table and puts one item.
func Put(ctx context.Context, in app.Input) (string, error) {
	t, err := openTable(ctx, in)
	if err != nil {
		return "", err
	}
	return "put", t.put(ctx, "ann", "1")
}

// Traced is Put for an incoming request with trace headers.
func Traced(ctx context.Context, in app.Input) (string, error) {
	var err error
	app.Traced(ctx, func(ctx context.Context) { _, err = Put(ctx, in) })
	return "put: " + code(err), nil
}

// Concurrent puts and gets with one client from many goroutines.
func Concurrent(ctx context.Context, in app.Input) (string, error) {
	t, err := openTable(ctx, in)
	if err != nil {
		return "", err
	}
	const goroutines, calls = 32, 50
	var group sync.WaitGroup
	errs := make(chan error, goroutines)
	for g := range goroutines {
		group.Go(func() {
			customer := fmt.Sprint(g)
			for i := range calls / 2 {
				if err := t.put(ctx, customer, fmt.Sprint(i)); err != nil {
					errs <- err
					return
				}
				if n, err := t.get(ctx, customer, fmt.Sprint(i)); n != 1 {
					errs <- fmt.Errorf("%d items instead of one: %w", n, err)
					return
				}
			}
		})
	}
	group.Wait()
	close(errs)
	return fmt.Sprintf("%d calls", goroutines*calls), <-errs
}
