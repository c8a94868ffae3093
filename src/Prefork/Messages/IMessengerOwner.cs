namespace Prefork.Messages;

/// <summary>Whose messenger it is: the primary's view of a worker, the worker itself, or a child that is no worker.</summary>
internal interface IMessengerOwner
{
    bool HasMessageListener { get; }

    void RaiseMessage(ClusterMessage message);

    void RaiseError(Exception exception);
}
