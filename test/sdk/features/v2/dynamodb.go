package v2

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
)

type item = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func key(customer, order string) item {
	return item{"customer": text(customer), "order": text(order)}
}

// A table is one of orders.
type table struct {
	*dynamodb.Client
	name *string
}

func openTable(ctx context.Context, in app.Input) (table, error) {
	cfg, err := load(ctx, in)
	if err != nil {
		return table{}, err
	}
	t := table{dynamodb.NewFromConfig(cfg), new(in.Name("orders"))}
	return t, t.create(ctx)
}

func (t table) create(ctx context.Context) error {
	_, err := t.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: t.name, BillingMode: types.BillingModePayPerRequest,
		KeySchema: []types.KeySchemaElement{
			{AttributeName: new("customer"), KeyType: types.KeyTypeHash},
			{AttributeName: new("order"), KeyType: types.KeyTypeRange},
		},
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: new("customer"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: new("order"), AttributeType: types.ScalarAttributeTypeS},
		},
	})
	if err != nil {
		return err
	}
	return dynamodb.NewTableExistsWaiter(t).Wait(ctx, &dynamodb.DescribeTableInput{TableName: t.name}, time.Minute,
		func(o *dynamodb.TableExistsWaiterOptions) { o.MinDelay = 50 * time.Millisecond })
}

func (t table) put(ctx context.Context, customer, order string) error {
	_, err := t.PutItem(ctx, &dynamodb.PutItemInput{TableName: t.name, Item: key(customer, order)})
	return err
}

// get returns how many items there are.
func (t table) get(ctx context.Context, customer, order string) (int, error) {
	out, err := t.GetItem(ctx, &dynamodb.GetItemInput{TableName: t.name, Key: key(customer, order)})
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
	updated, err := t.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: t.name, Key: key("ann", "1"), UpdateExpression: new("SET price = :p"),
		ExpressionAttributeValues: item{":p": &types.AttributeValueMemberN{Value: "7"}}, ReturnValues: types.ReturnValueAllNew,
	})
	if err != nil {
		return "", err
	}
	queried, err := t.Query(ctx, &dynamodb.QueryInput{
		TableName: t.name, KeyConditionExpression: new("customer = :c"),
		ExpressionAttributeValues: item{":c": text("ann")},
	})
	if err != nil {
		return "", err
	}
	if _, err := t.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: t.name, Key: key("ann", "1")}); err != nil {
		return "", err
	}
	left, err := t.get(ctx, "ann", "1")
	return fmt.Sprintf("got %d, updated %d attributes, queried %d, %d after the delete", got, len(updated.Attributes), queried.Count, left), err
}

// Batch writes and gets several items at once.
func Batch(ctx context.Context, in app.Input) (string, error) {
	t, err := openTable(ctx, in)
	if err != nil {
		return "", err
	}
	var writes []types.WriteRequest
	var keys []item
	for i := range 25 {
		keys = append(keys, key("bob", fmt.Sprint(i)))
		writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: keys[i]}})
	}
	written, err := t.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{*t.name: writes}})
	if err != nil {
		return "", err
	}
	got, err := t.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{*t.name: {Keys: keys}}})
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
