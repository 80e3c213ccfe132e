package egress

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what the controller counts, beside controller-runtime's own. A series
// with a namespace exists only while there is something to say of that namespace.
type metrics struct {
	objects   prometheus.Gauge
	conflicts *prometheus.GaugeVec
	ignored   *prometheus.GaugeVec
	writes    *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) (m metrics, err error) {
	var errs [4]error
	m.objects, errs[0] = register(r, prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "aws_mesh_egress_objects",
		Help: "Istio objects that the controller keeps.",
	}))
	m.conflicts, errs[1] = register(r, prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "aws_mesh_egress_conflicts",
		Help: "AWS hosts that the controller leaves to objects of the user.",
	}, []string{"namespace"}))
	m.ignored, errs[2] = register(r, prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "aws_mesh_egress_ignored_pods",
		Help: "Pods whose status annotation cannot be used.",
	}, []string{"namespace"}))
	m.writes, errs[3] = register(r, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "aws_mesh_egress_writes_total",
		Help: "Write requests for Istio objects, by verb.",
	}, []string{"verb"}))
	return m, errors.Join(errs[:]...)
}

// register registers c, or returns the collector that is there already.
func register[C prometheus.Collector](r prometheus.Registerer, c C) (C, error) {
	err := r.Register(c)
	if already, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if existing, ok := already.ExistingCollector.(C); ok {
			return existing, nil
		}
	}
	return c, err
}

// set sets the series of a namespace, or removes it when there is nothing to say.
func set(g *prometheus.GaugeVec, namespace string, n int) {
	if n == 0 {
		g.DeleteLabelValues(namespace)
		return
	}
	g.WithLabelValues(namespace).Set(float64(n))
}
