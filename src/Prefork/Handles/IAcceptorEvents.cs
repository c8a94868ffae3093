namespace Prefork.Handles;

/// <summary>What an acceptor's thread has to say. Called on that thread; the receiver posts to its loop.</summary>
internal interface IAcceptorEvents
{
    /// <summary>A worker's figures cannot be: it must be cut off.</summary>
    void OnOffence(int workerId, ClusterProtocolException offence);

    /// <summary>Something that is nobody's offence went wrong: no descriptors left, a selector that throws. Said once for each spell.</summary>
    void OnTrouble(Exception exception);
}
