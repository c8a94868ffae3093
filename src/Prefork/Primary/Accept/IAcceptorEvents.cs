namespace Prefork.Primary.Accept;

/// <summary>What an acceptor's thread has to say. Called on that thread; the receiver posts to its loop.</summary>
internal interface IAcceptorEvents
{
    /// <summary>A worker's figures cannot be: it must be cut off.</summary>
    void OnOffence(int workerId, ClusterProtocolException offence);

    /// <summary>Something that is nobody's offence went wrong: no descriptors left, a selector that throws. It may come as often as it happens.</summary>
    /// <param name="source">Whose trouble it is: what comes of one source is said once, and its number when it is over.</param>
    /// <param name="exception">What went wrong.</param>
    void OnTrouble(object source, Exception exception);
}
