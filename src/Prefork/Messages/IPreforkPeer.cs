using Prefork.Wire;

namespace Prefork.Messages;

/// <summary>One that has .NET at the other end, perhaps, and with it what Node does not have.</summary>
internal interface IPreforkPeer : IMessengerOwner
{
    /// <summary>A message that is neither of users nor about theirs. On the loop; one that is not known is ignored.</summary>
    void OnControl(PreforkFrame frame);

    /// <summary>Answers a request, or passes a message on; the result writes the reply's body.</summary>
    ValueTask<Action<LineWriter>> AnswerAsync(PreforkFrame frame, CancellationToken cancellation);
}
