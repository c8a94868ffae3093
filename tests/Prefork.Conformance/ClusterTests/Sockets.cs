namespace Prefork.Conformance.ClusterTests;

/// <summary>Sockets on messages, and what is served without the primary.</summary>
public class Sockets
{
    [NodeTest("test-cluster-net-send")]
    public Task AConnection_GoesFromTheWorkerToThePrimary() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-send-handle-twice")]
    public Task ASocketSentTwice_ToAPrimaryThatDoesNotListen_IsClosed() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-send-deadlock")]
    public Task HandlesThatCross_DoNotLock() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-send-socket-to-worker-http-server", Differs = "there is no server object to be set")]
    public Task AConnectionThePrimaryAccepted_IsServedByTheWorker() => ScenarioRun.PassesAsync();

    [NodeTest("test-net-listen-handle-in-cluster-1")]
    public Task AListeningSocketThatWasSent_NeverAsksThePrimary() => ScenarioRun.PassesAsync();

    [NodeTest("test-net-listen-handle-in-cluster-2")]
    public Task AListeningSocketOfTheWorkersOwn_NeverAsksThePrimary() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-http-pipe")]
    public Task HttpOverAPath_HasNoAddresses() => ScenarioRun.PassesAsync();

    [NodeTest("test-http-server-drop-connections-in-cluster", Differs = "no dropMaxConnection: the program closes what it accepts")]
    public Task AWorkerThatWantsNoMore_DropsConnections_AndKnowsIt() => ScenarioRun.PassesAsync();

    [NodeTest("test-tls-ticket-cluster", Skip = "SslStream has no way to set ticket keys; workers share them in ASP.NET Core only, with our transport")]
    public Task SessionsResumeAcrossWorkers() => ScenarioRun.PassesAsync();
}
